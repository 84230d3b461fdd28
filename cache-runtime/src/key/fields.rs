//! What stands before the dot of a placeholder such as `{user.id}`: anything but an `Option`, whose
//! fields may not be there. Told by type (see [`shape`](crate::plan::shape)), so that it is one
//! error that says what to write.

use std::fmt;
use std::ops::Deref;

/// A value of which a field is named.
pub struct Of<'v, T>(pub &'v T);

/// Least particular: everything.
pub trait FieldsOfAny<'v> {
    type Of;
    fn fields_of(&self) -> &'v Self::Of;
}

impl<'v, T> FieldsOfAny<'v> for Of<'v, T> {
    type Of = T;
    #[inline]
    fn fields_of(&self) -> &'v T {
        self.0
    }
}

/// Two references: what points to an `Option`.
pub trait FieldsBehindPointer<'v> {
    type Option;
    fn fields_of(&self) -> &'v <Self::Option as HasFields>::Of
    where
        Self::Option: HasFields;
}

impl<'v, T: 'v, P: Deref<Target = Option<T>>> FieldsBehindPointer<'v> for &Of<'v, P> {
    type Option = Option<T>;
    fn fields_of(&self) -> &'v <Option<T> as HasFields>::Of
    where
        Option<T>: HasFields,
    {
        self.0.fields()
    }
}

/// Two references as well: an `Option`.
pub trait FieldsOfOption<'v> {
    type Option;
    fn fields_of(&self) -> &'v <Self::Option as HasFields>::Of
    where
        Self::Option: HasFields;
}

impl<'v, T> FieldsOfOption<'v> for &Of<'v, Option<T>> {
    type Option = Option<T>;
    fn fields_of(&self) -> &'v <Option<T> as HasFields>::Of
    where
        Option<T>: HasFields,
    {
        self.0.fields()
    }
}

/// No `Option` has, so that the demand for it is the error.
#[diagnostic::on_unimplemented(
    message = "a key cannot name a field of `{Self}`, which may be `None`",
    label = "a field of an `Option` is named here",
    note = "name the option itself (`{{user}}`) and derive `CacheKey` for the type inside, or take \
            the field as an argument (`id: Option<u64>`)"
)]
pub trait HasFields {
    type Of;
    fn fields(&self) -> &Self::Of;
}

impl<T> fmt::Debug for Of<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Of")
    }
}
