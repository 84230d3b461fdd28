//! A hit returns exactly what the function returned, or there is no hit.

use cache_runtime::{MessagePack, Postcard, redis_cache};
use cache_tests::{Runs, called, in_memory};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sample {
    float: f64,
    single: f32,
    large: u128,
    negative: i128,
    text: String,
    bytes: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    option: Option<u64>,
    character: char,
    map: BTreeMap<u32, (i8, bool)>,
    unit: (),
}

macro_rules! kept_by {
    ($($function:ident $bits:ident $($option:ident = $value:expr),*;)+) => {$(
        #[redis_cache(ttl = 60, skip(runs) $(, $option = $value)*)]
        async fn $bits(runs: &Runs, bits: u64) -> f64 {
            runs.one_more();
            f64::from_bits(bits)
        }
    )+};
}

kept_by! {
    json json_float;
    message_pack message_pack_float codec = MessagePack;
    postcard postcard_float codec = Postcard, version = 1;
}

#[redis_cache(ttl = 60, key = "sample:{seed}")]
async fn sample(seed: u64, value: &Sample) -> Sample {
    value.clone()
}

#[redis_cache(ttl = 60, key = "sample:{seed}", codec = MessagePack)]
async fn sample_message_pack(seed: u64, value: &Sample) -> Sample {
    value.clone()
}

#[redis_cache(ttl = 60, key = "doubt:{seed}", none_ttl = 60)]
async fn nested(seed: u64, value: &Option<Option<u8>>) -> Option<Option<u8>> {
    let _ = seed;
    *value
}

#[redis_cache(ttl = 60, key = "doubt:{seed}", none_ttl = 60, codec = MessagePack)]
async fn nested_message_pack(seed: u64, value: &Option<Option<u8>>) -> Option<Option<u8>> {
    *value
}

#[redis_cache(ttl = 60, key = "doubt:{seed}", none_ttl = 60, codec = Postcard, version = 1)]
async fn nested_postcard(seed: u64, value: &Option<Option<u8>>) -> Option<Option<u8>> {
    *value
}

/// Called twice, it is the same both times. Answers whether the second was a hit.
macro_rules! twice {
    ($cache:expr, $call:expr, $same:expr) => {{
        let (first, _, _) = called($cache, $call).await;
        assert!($same(&first), "computed {first:?}");
        let (second, observed, _) = called($cache, $call).await;
        assert!($same(&second), "served {second:?} instead of {first:?}");
        observed.hits == 1
    }};
}

#[tokio::test]
async fn what_json_cannot_say_is_not_stored() {
    let cache = in_memory();
    for (float, stored) in [
        (f64::NAN, false),
        (f64::INFINITY, false),
        (f64::NEG_INFINITY, false),
        (-0.0, true),
        (f64::MIN_POSITIVE / 2.0, true),
        (f64::MAX, true),
        (0.1 + 0.2, true),
    ] {
        let runs = Runs::default();
        let bits = float.to_bits();
        let same = |value: &f64| value.to_bits() == bits;
        assert_eq!(twice!(&cache, json_float(&runs, bits), same), stored, "{float}");
        assert_eq!(runs.count(), if stored { 1 } else { 2 });
    }
    assert_eq!(cache.count_keys().await.unwrap(), 4);
}

#[tokio::test]
async fn nested_options_come_back_as_they_were() {
    let cache = in_memory();
    for (seed, value) in (0..).zip([None, Some(None), Some(Some(1))]) {
        let same = |got: &Option<Option<u8>>| *got == value;
        let json = twice!(&cache, nested(seed, &value), same);
        assert_eq!(json, value != Some(None), "JSON has one null only");
        let _ = twice!(&cache, nested_message_pack(seed, &value), same);
        assert!(twice!(&cache, nested_postcard(seed, &value), same));
    }
}

fn samples() -> impl Strategy<Value = Sample> {
    let numbers = (any::<f64>(), any::<f32>(), any::<u128>(), any::<i128>());
    let texts = (any::<String>(), any::<Vec<u8>>(), any::<Option<u64>>(), any::<char>());
    let map = proptest::collection::btree_map(any::<u32>(), any::<(i8, bool)>(), 0..4);
    (numbers, texts, map).prop_map(
        |((float, single, large, negative), (text, bytes, option, character), map)| Sample {
            float,
            single,
            large,
            negative,
            text,
            bytes,
            option,
            character,
            map,
            unit: (),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn floats_come_back_bit_for_bit(bits in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (cache, runs) = (in_memory(), Runs::default());
            let same = |value: &f64| value.to_bits() == bits;
            let finite = f64::from_bits(bits).is_finite();
            assert_eq!(twice!(&cache, json_float(&runs, bits), same), finite);
            let _ = twice!(&cache, message_pack_float(&runs, bits), same);
            let _ = twice!(&cache, postcard_float(&runs, bits), same);
        });
    }

    #[test]
    fn structs_come_back_as_they_were(value in samples()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cache = in_memory();
            let finite = value.float.is_finite() && value.single.is_finite();
            // Debug, since NaN is not equal to itself.
            let shown = format!("{value:?}");
            let same = |got: &Sample| format!("{got:?}") == shown;
            let hit = twice!(&cache, sample(1, &value), same);
            assert_eq!(hit, finite, "{value:?}");
            let _ = twice!(&cache, sample_message_pack(1, &value), same);
        });
    }
}
