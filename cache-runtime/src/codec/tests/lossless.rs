//! What would come back changed is refused.

use super::roundtrip::Unit;
use super::{Codec, encoded, returned};
use crate::codec::json::Json;
#[cfg(feature = "msgpack")]
use crate::codec::msgpack::MessagePack;
#[cfg(feature = "postcard")]
use crate::codec::postcard::Postcard;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[track_caller]
fn refuses<C: Codec>(value: &impl Serialize) {
    assert!(matches!(encoded::<C, _>(value), Err(Error::Codec(_))));
}

#[test]
fn json_refuses_what_is_not_finite() {
    refuses::<Json>(&f64::NAN);
    refuses::<Json>(&[f64::INFINITY]);
    refuses::<Json>(&Some(f32::NEG_INFINITY));
    refuses::<Json>(&BTreeMap::from([("a", (1, f32::NAN))]));
}

#[test]
fn json_refuses_some_of_nothing() {
    #[derive(Serialize)]
    struct Wrapper<T>(T);
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Nothing,
    }
    refuses::<Json>(&Some(None::<u8>));
    refuses::<Json>(&Some(Some(None::<u8>)));
    refuses::<Json>(&Some(()));
    refuses::<Json>(&Some(Unit));
    refuses::<Json>(&Some(Wrapper(Wrapper(None::<u8>))));
    refuses::<Json>(&Some(Untagged::Nothing));
    refuses::<Json>(&Some(serde_json::Value::Null));
    refuses::<Json>(&vec![(1, Some(Box::new(None::<u8>)))]);

    assert_eq!(returned::<Json, _>(&Some(Some(7))), Some(Some(Some(7))));
    assert_eq!(returned::<Json, _>(&Some([None::<u8>])), Some(Some([None])));
    assert_eq!(returned::<Json, _>(&Some(Err::<u8, ()>(()))), Some(Some(Err(()))));
    assert_eq!(returned::<Json, _>(&serde_json::Value::Null), Some(serde_json::Value::Null));
}

#[test]
fn json_refuses_keys_that_are_no_text() {
    let by_pair = BTreeMap::from([((1_u8, 2_u8), 3_u8)]);
    let why = encoded::<Json, _>(&by_pair).unwrap_err().to_string();
    assert!(why.contains("return a list of pairs"), "{why}");
    refuses::<Json>(&BTreeMap::from([((1, 2), 3)]));
    refuses::<Json>(&BTreeMap::from([(None::<u8>, 3)]));
    refuses::<Json>(&BTreeMap::from([((), 3)]));
}

#[cfg(feature = "msgpack")]
#[test]
fn message_pack_refuses_some_of_nothing() {
    refuses::<MessagePack>(&Some(None::<u8>));
    refuses::<MessagePack>(&Some(()));
    refuses::<MessagePack>(&[Some(Some(()))]);
    assert_eq!(returned::<MessagePack, _>(&Some(Unit)), Some(Some(Unit)));
    assert!(returned::<MessagePack, _>(&f64::NAN).unwrap().is_nan());
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_keeps_nested_options_and_refuses_fields_left_out() {
    #[derive(Serialize, Deserialize)]
    struct Gap {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
        b: [u8; 2],
    }
    assert_eq!(returned::<Postcard, _>(&Some(None::<u8>)), Some(Some(None)));
    assert_eq!(returned::<Postcard, _>(&Some(())), Some(Some(())));
    assert!(encoded::<Postcard, _>(&Gap { a: Some(1), b: [1, 2] }).is_ok());
    // It would be written as [1, 2] and read, with what follows it, as `Some(2)` and more.
    refuses::<Postcard>(&Gap { a: None, b: [1, 2] });

    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    refuses::<Postcard>(&Flat { rest: BTreeMap::new() });
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_refuses_more_nothing_than_it_would_read() {
    assert_eq!(returned::<Postcard, _>(&vec![(); 65_000]).map(|back| back.len()), Some(65_000));
    refuses::<Postcard>(&vec![(); 100_000]);
    let vouched_for = vec![((), 7_u8); 200_000];
    assert_eq!(returned::<Postcard, _>(&vouched_for), Some(vouched_for));
}

#[test]
fn errors_do_not_show_the_value() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Strict(#[serde(deserialize_with = "strict")] u8);
    fn strict<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<u8, D::Error> {
        let value = u8::deserialize(reader)?;
        Err(serde::de::Error::custom(format!("hunter{value}")))
    }
    fn shows_nothing<C: Codec>() {
        let text = encoded::<C, _>(&"hunter2").unwrap();
        let number = encoded::<C, _>(&2_u8).unwrap();
        for error in [
            C::decode::<Vec<bool>>(&text).unwrap_err(),
            C::decode::<BTreeMap<u8, u8>>(&text).unwrap_err(),
            C::decode::<Strict>(&number).unwrap_err(),
        ] {
            assert!(!error.to_string().contains("hunter"), "{error}");
            assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        }
    }
    super::each_codec!(shows_nothing());
    assert_eq!(
        Json::decode::<u8>(b"\"hunter2\"").unwrap_err(),
        Error::Codec("JSON of another type, at line 1 column 9".into())
    );
}
