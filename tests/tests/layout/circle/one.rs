use crate::two::inner::Inner;

pub(crate) struct One(Inner);
