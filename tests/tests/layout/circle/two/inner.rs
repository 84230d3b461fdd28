pub(crate) struct Inner(Option<Box<super::super::one::One>>);

#[cfg(test)]
mod tests {
    use crate::two;
}
