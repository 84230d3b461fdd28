//! Plain functions: the same algorithm, polled by a caller that parks meanwhile.
//!
//! The caller's own runtime, if it has one, stands still while one of its threads is parked, so
//! the connections are driven by one thread of ours, started when it is first needed.

use crate::io_thread;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use tokio::runtime::Handle;

/// Runs a cached call to its end, inside and outside of Tokio runtimes of whatever kind.
///
/// By reference: unoptimised, each function that is given the call has a copy of it on the stack,
/// and each level of a recursive function as many.
pub fn blocking<F: Future>(call: Pin<&mut F>) -> F::Output {
    // Without the thread the store is out of reach, and the body runs all the same.
    let _driven = io_thread::handle().map(Handle::enter);
    // In a task, Tokio would have the call stop for others now and then: nobody is let through.
    let mut call = tokio::task::unconstrained(call);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = Pin::new(&mut call).poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

/// A body that sees the runtime of its caller, not the one that drives our connections.
pub fn outside<B: Future>(mut body: Pin<&mut B>) -> impl Future<Output = B::Output> {
    let runtime = Handle::try_current().ok();
    std::future::poll_fn(move |context| {
        let _inside = runtime.as_ref().map(Handle::enter);
        body.as_mut().poll(context)
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
