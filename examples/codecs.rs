//! Formats: JSON that everybody reads, two smaller ones, and one of your own.

use cache_runtime::{Codec, Error, MessagePack, Postcard, redis_cache};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: f64,
    y: f64,
}

#[redis_cache(ttl = 60, key = "json:{n}")]
async fn json(n: u32) -> Point {
    Point { x: n.into(), y: 0.5 }
}

#[redis_cache(ttl = 60, key = "msgpack:{n}", codec = MessagePack)]
async fn msgpack(n: u32) -> Point {
    Point { x: n.into(), y: 0.5 }
}

// Fields by position: whoever changes the struct must raise the version, and must say one.
#[redis_cache(ttl = 60, key = "postcard:{n}", codec = Postcard, version = 1)]
async fn postcard(n: u32) -> Point {
    Point { x: n.into(), y: 0.5 }
}

/// Indented JSON, for people who look into Redis a lot.
struct PrettyJson;

impl Codec for PrettyJson {
    const NAME: &'static str = "pretty";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
        serde_json::to_writer_pretty(bytes, value).map_err(|error| Error::Codec(error.to_string()))
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(bytes).map_err(|_| Error::Codec("not JSON of this type".into()))
    }
}

#[redis_cache(ttl = 60, key = "pretty:{n}", codec = PrettyJson)]
async fn pretty(n: u32) -> Point {
    Point { x: n.into(), y: 0.5 }
}

// JSON has no NaN: such a value is returned and not stored, with one WARN.
#[redis_cache(ttl = 60, key = "nan")]
async fn not_a_number() -> f64 {
    f64::NAN
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN).init();
    cache_examples::cache()?.install()?;

    for _ in 0..2 {
        assert_eq!(json(1).await, msgpack(1).await);
        assert_eq!(postcard(1).await, pretty(1).await);
    }
    println!("{}", json_entry(1).key()?);
    println!("{}", msgpack_entry(1).key()?);
    println!("{}", postcard_entry(1).key()?);
    println!("{}", pretty_entry(1).key()?);

    println!("{} {}", not_a_number().await, not_a_number().await);
    println!("stored: {:?}", not_a_number_entry().get().await?);
    Ok(())
}
