use cache_runtime::redis_cache;

unsafe extern "C" {
    #[redis_cache(ttl = 60, key = "rate:{currency}")]
    fn rate(currency: u32) -> u32;
}

fn main() {}
