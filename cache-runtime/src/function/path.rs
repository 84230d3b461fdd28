//! What a function is called in keys, made of the `type_name` of an item inside of it.

/// `<app::Repo<_> as app::Find>::find::{{closure}}::__item` → `(app.Repo(_)@app.Find).find`.
pub(super) fn path_of(item: &str, ident: &str) -> String {
    let mut inside = item.rsplit_once("::").map_or(item, |(path, _item)| path);
    while let Some(outer) = inside.strip_suffix("::{{closure}}") {
        inside = outer;
    }
    let mut text = inside.replace("::{{closure}}", "");
    // A lifetime makes no other type, and its `_` leaves none open.
    for lifetime in ["<'_>", "'_, ", ", '_", "'_ "] {
        text = text.replace(lifetime, "");
    }
    let text = text.replace("::", ".").replace(" as ", "@");
    let mut path = String::with_capacity(text.len());
    for c in text.replace(", ", ",").chars() {
        path.push(match c {
            '<' => '(',
            '>' => ')',
            c if c.is_alphanumeric() || "._@,()".contains(c) => c,
            _ => '-',
        });
    }
    if path.is_empty() {
        path.push_str(ident);
    }
    path
}

/// Whether the `type_name` of an item names the type `of` whose `impl` it is in:
/// `app::Repo::find::__item`, `<app::Repo as app::Find>::…`, `app::db::<impl app::Repo>::…`.
pub(super) fn names(item: &str, of: &str) -> bool {
    let part_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    item.match_indices(of).any(|(at, _)| {
        let before = item.get(..at).and_then(|head| head.chars().next_back());
        let after = item.get(at + of.len()..).unwrap_or_default();
        !before.is_some_and(part_of_a_path)
            && (after.starts_with("::") || after.starts_with(" as ") || after.starts_with('>'))
    })
}

/// The type that a closure in a method of a trait names as the trait's.
pub(super) fn type_of(closure: &str) -> Option<&str> {
    if let Some(inside) = closure.strip_prefix('<') {
        return split_outside(inside, " as ").map(|(of, _)| of);
    }
    let (_, inside) = closure.split_once("<impl ")?;
    let (_, rest) = split_outside(inside, " for ")?;
    split_outside(rest, ">").map(|(of, _)| of)
}

/// What stands before and behind a `mark` that is in no brackets, and before the one that closes.
fn split_outside<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let (head, tail) = text.split_at(at);
        match tail.strip_prefix(mark) {
            Some(tail) if depth == 0 => return Some((head, tail)),
            _ => {}
        }
        match c {
            '<' => depth += 1,
            '>' if before == '-' => {}
            '>' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        before = c;
    }
    None
}

/// Whether `item`, in a method of a trait for the type `of`, leaves open what the trait's parameters stand for,
/// which a closure beside it says: `<app::X as app::Find<_>>::…` beside `<app::X as app::Find<u8>>::…`, or, where
/// the method is the trait's own, `app::Find::…`.
pub(super) fn leaves_trait_open(item: &str, closure: &str, of: &str) -> bool {
    let Some(of_trait) = trait_of(closure, of) else { return false };
    let mut parameters = of_trait.to_owned();
    for lifetime in ["<'_>", "'_, ", ", '_"] {
        parameters = parameters.replace(lifetime, "");
    }
    let says = [format!(" as {of_trait}>"), format!("<impl {of_trait} for ")];
    parameters.contains('<') && !says.iter().any(|says| item.contains(says.as_str()))
}

/// The trait in the name of a closure in its method for the type `of`.
fn trait_of<'c>(closure: &'c str, of: &str) -> Option<&'c str> {
    if let Some((_, rest)) = closure.split_once(&format!("<{of} as ")) {
        return split_outside(rest, ">").map(|(of_trait, _)| of_trait);
    }
    let (head, _) = closure.split_once(&format!(" for {of}>"))?;
    head.rsplit_once("<impl ").map(|(_, of_trait)| of_trait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_readable_and_keep_what_tells_them_apart() {
        let path = |item| path_of(item, "find");
        assert_eq!(path("app::users::find::__item"), "app.users.find");
        assert_eq!(path("app::find::{{closure}}::__item"), "app.find");
        assert_eq!(path("app::outer::{{closure}}::find::{{closure}}::__item"), "app.outer.find");
        assert_eq!(
            path("<app::Repo<_> as app::Find>::find::__item"),
            "(app.Repo(_)@app.Find).find"
        );
        assert_eq!(path("app::Repo<'_>::find::__item"), "app.Repo.find");
        assert_eq!(path("app::Map<'_, app::K>::find::__item"), "app.Map(app.K).find");
        assert_eq!(path("app::Map<app::K, &str>::find::__item"), "app.Map(app.K,-str).find");
    }

    #[test]
    fn a_path_names_the_type_that_its_method_is_of() {
        for (item, of) in [
            ("app::Repo::find::__item", "app::Repo"),
            ("app::Repo<'_>::find::{{closure}}::__item", "app::Repo<'_>"),
            ("<app::Repo as app::Find>::find::__item", "app::Repo"),
            ("<&app::Repo as app::Find>::find::__item", "&app::Repo"),
            ("app::db::<impl app::Repo>::find::__item", "app::Repo"),
            ("app::main::<impl app::Find for app::Repo>::find::__item", "app::Repo"),
            ("<app::Map<[u8; 3]> as app::Find>::find::__item", "app::Map<[u8; 3]>"),
        ] {
            assert!(names(item, of), "{item} {of}");
        }
        for (item, of) in [
            ("app::Find::find::__item", "app::Repo"),
            ("app::Repository::find::__item", "app::Repo"),
            ("app::Repo<_>::find::__item", "app::Repo<u8>"),
            ("<_ as app::Find>::find::__item", "app::Repo"),
            ("myapp::Repo::find::__item", "app::Repo"),
        ] {
            assert!(!names(item, of), "{item} {of}");
        }
    }

    #[test]
    fn a_closure_in_a_method_of_a_trait_names_its_type() {
        for (closure, of) in [
            ("<app::X as app::Find<u8>>::find::{{closure}}", "app::X"),
            ("<app::X<fn() -> u8> as app::Find>::find::{{closure}}", "app::X<fn() -> u8>"),
            ("<fn() -> u8 as app::Find>::find::{{closure}}", "fn() -> u8"),
            ("app::m::<impl app::Find<u8> for app::X<u8>>::find::{{closure}}", "app::X<u8>"),
        ] {
            assert_eq!(type_of(closure), Some(of));
        }
        for closure in [
            "app::find::{{closure}}",
            "app::find<u8>::{{closure}}",
            "app::X<u8>::find::{{closure}}",
            "<[u8]>::find::{{closure}}",
            "app::m::<impl app::X<u8>>::find::{{closure}}",
        ] {
            assert_eq!(type_of(closure), None, "{closure}");
        }
    }

    #[test]
    fn a_trait_is_open_whose_parameters_only_a_closure_names() {
        for (item, closure) in [
            (
                "<app::X as app::Find<_>>::find::__item",
                "<app::X as app::Find<u8>>::find::{{closure}}",
            ),
            ("app::Find::find::__item", "<app::X as app::Find<fn() -> u8>>::find::{{closure}}"),
            ("app::Find::find::__item", "<app::X as app::Find<'_, 3>>::find::{{closure}}"),
            (
                "app::m::<impl app::Find<_> for app::X>::find::__item",
                "app::m::<impl app::Find<u8> for app::X>::find::{{closure}}",
            ),
        ] {
            assert!(leaves_trait_open(item, closure, "app::X"), "{item} {closure}");
        }
        for (item, closure) in [
            ("app::X::find::__item", "app::X::find::{{closure}}"),
            ("app::Find::find::__item", "<app::X as app::Find>::find::{{closure}}"),
            ("app::Find::find::__item", "<app::X as app::Find<'_>>::find::{{closure}}"),
            (
                "<app::X as app::Find<u8>>::find::__item",
                "<app::X as app::Find<u8>>::find::{{closure}}",
            ),
            (
                "app::m::<impl app::Find<u8> for app::X>::find::__item",
                "app::m::<impl app::Find<u8> for app::X>::find::{{closure}}",
            ),
            ("<app::X as app::Find<_>>::find::__item", ""),
        ] {
            assert!(!leaves_trait_open(item, closure, "app::X"), "{item} {closure}");
        }
    }
}
