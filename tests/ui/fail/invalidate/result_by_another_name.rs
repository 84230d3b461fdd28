//! What the function returns has one name.

use cache_runtime::redis_invalidate;

struct User {
    id: u64,
}

#[redis_invalidate(keys = ["user:{ret.id}"])]
async fn create(name: &str) -> User {
    User { id: name.len() as u64 }
}

#[redis_invalidate(tags = ["user:{res.id}"])]
async fn replace(name: &str) -> User {
    User { id: name.len() as u64 }
}

#[redis_invalidate(keys = ["user:{ret.id}"])]
async fn remove(name: &str) {
    drop(name.len());
}

fn main() {
    drop((create("a"), replace("a"), remove("a")));
}
