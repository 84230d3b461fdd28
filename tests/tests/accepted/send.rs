//! A call's future is `Send` when its body's is, whatever the error is.
#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::redis_cache;
use std::rc::Rc;

#[redis_cache(key = "a:{id}")]
async fn error_is_not_send(id: u64) -> Result<u64, Box<dyn std::error::Error>> {
    tokio::task::yield_now().await;
    Ok(id)
}

#[redis_cache(key = "b:{id}")]
async fn body_is_not_send(id: u64) -> Result<u64, String> {
    let local = Rc::new(id);
    tokio::task::yield_now().await;
    Ok(*local)
}

fn is_send<T: Send>(_: T) {}

#[test]
fn each_form_compiles() {
    is_send(error_is_not_send(1));
    drop(body_is_not_send(1));
}
