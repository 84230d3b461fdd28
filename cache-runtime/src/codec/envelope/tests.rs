//! What is sealed can be opened, and what cannot be read is refused.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn key() -> Key {
    Key::new("shop", "user:7")
}

fn sealed(load: Option<Duration>, value: &[u8]) -> Vec<u8> {
    let mut bytes = value.to_vec();
    seal(&key(), Envelope { load, ..Envelope::default() }, &[], &mut bytes).unwrap();
    bytes
}

/// The load and the value, if the envelope can be read.
fn opened(bytes: &[u8]) -> Option<(Option<Duration>, Vec<u8>)> {
    let own = open(&key(), Bytes::Own(bytes.to_vec()));
    let shared = open(&key(), Bytes::Shared(bytes.into()));
    let read = |opened: Opened| (opened.envelope.load, opened.value.to_vec());
    assert_eq!(own.clone().map(read), shared.map(read), "wherever the bytes lie");
    own.ok().map(read)
}

type Field = (u8, Vec<u8>);

/// A value of version 2, as a later writer writes it.
fn of_version_2(fields: &[Field], value: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let field = |(kind, content): &Field| [&[*kind], &length(content)[..], content].concat();
    let fields = fields.iter().flat_map(field).collect::<Vec<_>>();
    [&MAGIC, &[2][..], &length(&fields), &fields, value].concat()
}

fn load_field(nanos: u64) -> Field {
    (LOAD, nanos.to_be_bytes().to_vec())
}

/// Fields that this version has never heard of.
fn fields(kinds: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = Vec<Field>> {
    vec((kinds, any::<Vec<u8>>()), 0..4)
}

/// A field that this version does not know and must not skip.
fn unknown() -> impl Strategy<Value = Field> {
    let kinds =
        (MUST_BE_KNOWN..=0xFF).prop_filter("known", |kind| ![TAGS, ERROR, OWN_TAGS].contains(kind));
    (kinds, any::<Vec<u8>>())
}

fn tags() -> impl Strategy<Value = Vec<(Key, TagToken)>> {
    let tag = "[a-z:%]{0,40}"
        .prop_map(|name| (Key::new("shop", &format!("~tag:{name}")), TagToken::random().unwrap()));
    vec(tag, 0..17)
}

/// Anything, and often what begins like an envelope.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let magic =
        [&[][..], &MAGIC[..3], &MAGIC, b"\xFFrch\x01", b"\xFFrch\x02", b"\xFFrch\x02\0\x05"];
    let magic = proptest::sample::select(magic.map(<[u8]>::to_vec).to_vec());
    (magic, any::<Vec<u8>>()).prop_map(|(magic, rest)| [magic, rest].concat())
}

proptest! {
    #[test]
    fn what_is_sealed_can_be_opened(value in any_value(), nanos: Option<u64>) {
        let load = nanos.map(Duration::from_nanos);
        prop_assert_eq!(opened(&sealed(load, &value)), Some((load, value)));
    }

    #[test]
    fn tags_come_back_with_their_tokens(value in any_value(), nanos: Option<u64>, tags in tags()) {
        let mut bytes = value.clone();
        let fill = FillId::random().unwrap();
        let load = nanos.map(Duration::from_nanos);
        let envelope = Envelope { load, fill: Some(fill), ..Envelope::default() };
        seal(&key(), envelope, &tags, &mut bytes).unwrap();
        prop_assert!(fill.is_of(&bytes), "scripts look for it there");
        let opened = open(&key(), Bytes::Own(bytes)).unwrap();
        let expected: Vec<_> = tags.iter().map(|(tag, token)| (tag.tag().unwrap(), *token)).collect();
        prop_assert_eq!(opened.tags().collect::<Vec<_>>(), expected);
        prop_assert_eq!(opened.envelope, envelope);
        prop_assert_eq!(&*opened.value, &*value);
    }

    #[test]
    fn tags_that_are_cut_off_are_refused(tags in tags(), less in 1..24_usize) {
        prop_assume!(!tags.is_empty());
        let mut list = Vec::new();
        for (tag, token) in &tags {
            push_sized(&mut list, tag.tag().unwrap().as_bytes()).unwrap();
            list.extend(token.as_bytes());
        }
        let whole = of_version_2(&[(TAGS, list.clone())], b"[]");
        prop_assert!(open(&key(), Bytes::Own(whole)).is_ok());
        list.truncate(list.len() - less);
        prop_assert_eq!(opened(&of_version_2(&[(TAGS, list)], b"[]")), None);
    }

    #[test]
    fn a_value_is_stored_as_it_is_wherever_it_can(value in any_value()) {
        if !value.starts_with(&MAGIC) {
            prop_assert_eq!(sealed(None, &value), value);
        }
    }

    /// Processes of the version before read what this one writes.
    #[test]
    fn a_load_is_written_as_it_always_was(value in any_value(), nanos: u64) {
        let expected = [b"\xFFrch\x01\x08", &nanos.to_be_bytes()[..], &value].concat();
        prop_assert_eq!(sealed(Some(Duration::from_nanos(nanos)), &value), expected);
        let empty = [b"\xFFrch\x01\x00", &MAGIC[..], &value].concat();
        prop_assert_eq!(sealed(None, &[&MAGIC[..], &value].concat()), empty);
    }

    #[test]
    fn no_bytes_are_too_odd_to_be_looked_at(value in any_value()) {
        opened(&value);
    }

    #[test]
    fn an_envelope_that_is_cut_off_is_refused(nanos: u64, kept in 4_usize..14) {
        let bytes = sealed(Some(Duration::from_nanos(nanos)), b"");
        prop_assert_eq!(bytes.len(), 14);
        prop_assert_eq!(opened(&bytes[..kept]), None);
    }

    #[test]
    fn unknown_fields_are_skipped(
        before in fields(3..=0x7F), after in fields(3..=0x7F), nanos: Option<u64>, value in any_value(),
    ) {
        let fields = [before, nanos.map(load_field).into_iter().collect(), after].concat();
        let load = nanos.map(Duration::from_nanos);
        prop_assert_eq!(opened(&of_version_2(&fields, &value)), Some((load, value)));
    }

    #[test]
    fn fields_that_must_be_known_are_refused(
        before in fields(3..=0x7F), must in unknown(), after in fields(3..=0xFF),
    ) {
        prop_assert_eq!(opened(&of_version_2(&[before, vec![must], after].concat(), b"[]")), None);
    }

    #[test]
    fn version_2_cut_off_anywhere_is_refused(
        fields in fields(3..=0x7F), kept in any::<prop::sample::Index>(),
    ) {
        let bytes = of_version_2(&fields, b"");
        let kept = MAGIC.len() + kept.index(bytes.len() - MAGIC.len());
        prop_assert_eq!(opened(&bytes[..kept]), None);
    }

    /// The length of all fields and those of each are to agree.
    #[test]
    fn a_field_longer_than_its_envelope_is_refused(content in vec(any::<u8>(), 1..9), less in 1..9_usize) {
        let mut bytes = of_version_2(&[(3, content.clone())], b"");
        let less = less.min(content.len());
        bytes[6] -= u8::try_from(less).unwrap();
        prop_assert_eq!(opened(&bytes), None);
    }
}

#[test]
fn other_versions_and_lengths_are_refused() {
    for refused in [
        &b"\xFFrch"[..],
        b"\xFFrch\x00\x00[]",
        b"\xFFrch\x03\x00\x00[]",
        b"\xFFrch\x01\x03abc[]",
        b"\xFFrch\x02\x00",
        b"\xFFrch\x02\x00\x03\x01\x00\x00[]", // a load of no bytes
    ] {
        assert_eq!(opened(refused), None, "{refused:?}");
    }
    assert_eq!(opened(b"\xFFrch\x01\x00[]"), Some((None, b"[]".to_vec())));
    assert_eq!(opened(b"\xFFrch\x02\x00\x00[]"), Some((None, b"[]".to_vec())));
    assert_eq!(opened(b""), Some((None, vec![])));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let mut bytes = b"1".to_vec();
    let envelope = Envelope { load: Some(Duration::MAX), ..Envelope::default() };
    assert!(matches!(seal(&key(), envelope, &[], &mut bytes), Err(Error::Codec(_))));
    assert_eq!(bytes, b"1");
}

#[test]
fn tags_twice_are_refused() {
    let none = (TAGS, Vec::new());
    assert!(opened(&of_version_2(std::slice::from_ref(&none), b"[]")).is_some());
    assert_eq!(opened(&of_version_2(&[none.clone(), none], b"[]")), None);
}

#[test]
fn no_json_begins_like_an_envelope() {
    assert!(std::str::from_utf8(&MAGIC).is_err());
}

#[test]
fn an_error_is_marked_so_that_it_is_no_value_for_older_readers() {
    let mut bytes = b"\"gone\"".to_vec();
    let about = Envelope { is_error: true, ..Envelope::default() };
    seal(&key(), about, &[], &mut bytes).unwrap();
    assert_eq!(bytes, b"\xFFrch\x02\x00\x03\x84\x00\x00\"gone\"");
    let opened = open(&key(), Bytes::Own(bytes)).unwrap();
    assert!(opened.envelope.is_error);
    assert_eq!(&*opened.value, b"\"gone\"");
}
