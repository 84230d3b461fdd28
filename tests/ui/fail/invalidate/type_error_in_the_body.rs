use cache_runtime::redis_invalidate;

#[redis_invalidate(keys = ["user:{id}"])]
async fn update(id: u64) -> Result<u64, String> {
    if id == 0 {
        return Ok("one");
    }
    Ok(id)
}

fn main() {
    drop(update(1));
}
