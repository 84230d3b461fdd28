//! A plain function that returns a future under a name which does not say so, such as an alias of
//! one's own: the macro takes that for a value. Found by type, and refused.

use super::shape::Returns;

/// Five references: more particular than every shape of a value.
pub trait ShapeOfFuture {
    type Future;
    fn shape(&self) -> <Self::Future as AwaitedByName>::Shape
    where
        Self::Future: AwaitedByName;
}

impl<F: Future> ShapeOfFuture for &&&&Returns<F> {
    type Future = F;
    fn shape(&self) -> F::Shape
    where
        F: AwaitedByName,
    {
        F::shape()
    }
}

/// No type is, so that the demand for it is the error, and the only one: what depends on an unknown
/// shape is not reported.
#[diagnostic::on_unimplemented(
    message = "this function returns a future under a name that does not show it",
    label = "this is a future: it would be taken for the value, not awaited",
    note = "write an `async fn`, or the type as `Pin<Box<dyn Future<Output = T> + Send + '_>>`, \
            `BoxFuture<'_, T>`, `LocalBoxFuture<'_, T>` or `impl Future<Output = T>`"
)]
pub trait AwaitedByName {
    type Shape;
    fn shape() -> Self::Shape;
}
