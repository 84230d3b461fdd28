use cache_runtime::redis_invalidate;

#[redis_invalidate(keys: ["user:{id}"])]
async fn rename(id: u64) {
    let _ = id;
}

fn main() {}
