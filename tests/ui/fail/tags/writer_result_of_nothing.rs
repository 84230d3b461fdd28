use cache_runtime::redis_invalidate;

#[redis_invalidate(tags = ["org:{result.org}"])]
async fn write(org_id: u64) {
    drop(org_id);
}

fn main() {}
