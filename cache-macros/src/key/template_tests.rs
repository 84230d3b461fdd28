use super::*;
use std::time::Duration;

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

fn hole(written: &str, root: &str, fields: &[&str], transform: Option<Transform>) -> Part {
    Part::Placeholder(Placeholder {
        root: root.into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        transform,
        written: written.into(),
    })
}

fn good(template: &str) -> Vec<Part> {
    let (parts, mistakes) = parse(template);
    assert_eq!(mistakes, Vec::<String>::new(), "{template}");
    parts
}

/// The only mistake of the template.
fn mistake(template: &str) -> String {
    let (_, mut mistakes) = parse(template);
    assert_eq!(mistakes.len(), 1, "{template}: {mistakes:?}");
    mistakes.remove(0)
}

#[test]
fn text_arguments_and_fields() {
    assert_eq!(good("users"), [text("users")]);
    assert_eq!(good("user:{id}"), [text("user:"), hole("{id}", "id", &[], None)]);
    assert_eq!(good("{self.a.b}"), [hole("{self.a.b}", "self", &["a", "b"], None)]);
    assert_eq!(good("{pair.0.1}"), [hole("{pair.0.1}", "pair", &["0", "1"], None)]);
    assert_eq!(good("{r#type}"), good("{r#type}"));
    assert_eq!(good("{type}"), [hole("{type}", "type", &[], None)]);
    assert_eq!(good("{Self}"), [hole("{Self}", "Self", &[], None)]);
    assert_eq!(good("größe:{maß}"), [text("größe:"), hole("{maß}", "maß", &[], None)]);
}

#[test]
fn transforms() {
    assert_eq!(good("{a:hash}"), [hole("{a:hash}", "a", &[], Some(Transform::Hash))]);
    assert_eq!(
        good("{at:bucket(1h 30m)}"),
        [hole(
            "{at:bucket(1h 30m)}",
            "at",
            &[],
            Some(Transform::Bucket(Duration::from_secs(5400)))
        )]
    );
    assert!(mistake("{a:hsh}").contains("did you mean `hash`"));
    assert!(mistake("{a:?}").contains("format specifier"));
    assert!(mistake("{a:}").contains("a transform is missing"));
    assert!(mistake("{a:bucket}").contains("`{a:bucket(1h)}`"));
    assert!(mistake("{a:bucket()}").contains("`{a:bucket(1h)}`"));
    assert!(mistake("{a:bucket(soon)}").contains("`soon` is not a duration"));
    assert!(mistake("{a:bucket(1h}").contains("not closed"));
    assert!(mistake("{a:bucket(10ms)}").contains("whole seconds"));
    assert!(mistake("{a:hash(2)}").contains("write `{a:hash}`"));
}

#[test]
fn hash_tags() {
    assert_eq!(good("{{shop}}:{id}"), [text("{shop}:"), hole("{id}", "id", &[], None)]);
    assert_eq!(good("u:{{{id}}}:x"), [text("u:{"), hole("{id}", "id", &[], None), text("}:x")]);
    assert_eq!(good("{{u:{id}}}"), [text("{u:"), hole("{id}", "id", &[], None), text("}")]);
    assert!(mistake("{{}}:{id}").contains("is empty"));
    assert!(mistake("{{a}}:{{b}}").contains("one cluster hash tag"));
    assert!(mistake("{{a").contains("nothing ends"));
    assert!(mistake("a}}").contains("nothing begins"));
    assert!(mistake("{{a{{b}}c}}").contains("do not nest"));
}

#[test]
fn braces() {
    assert!(mistake("user:{id").contains("nothing closes"));
    assert!(mistake("user:id}").contains("closes nothing"));
    assert!(mistake("user:{}").contains("names nothing"));
    assert!(mistake("user:{ id }").contains("is not an argument"));
    assert!(mistake("user:{id + 1}").contains("is not an argument"));
    assert!(mistake("user:{user.name()}").contains("is not an argument"));
    assert!(mistake("user:{0}").contains("is not an argument"));
    assert!(mistake("user:{_}").contains("is not an argument"));
    assert!(mistake("user:{a.}").contains("is not an argument"));
}

#[test]
fn separators() {
    good("{a}:{b}/{c}|{d}");
    good("{a}-:-{b}");
    assert!(mistake("{a}{b}").contains("`{a}:{b}`"));
    assert!(mistake("{a}-{b}").contains("`{a}-{b}`"));
    assert!(mistake("{{{a}}}{b}").contains("put `:`"));
    assert_eq!(parse("{a}{b}{c}").1.len(), 2);
}

#[test]
fn text_that_keys_cannot_hold() {
    for (template, named) in [
        ("a~b", "`~`"),
        ("a%b", "`%`"),
        ("a*", "`*`"),
        ("a?", "`?`"),
        ("[a", "`[`"),
        ("a\\b", "`\\`"),
        ("a\nb", "`\\n`"),
    ] {
        assert!(mistake(template).starts_with(named), "{template:?}: {}", mistake(template));
    }
    assert!(mistake("[a]*[b]").starts_with("`[` and `]` and `*` cannot"));
    assert_eq!(parse("a~b*").1.len(), 2);
    assert!(mistake("").contains("is empty"));
    assert!(mistake("  ").contains("is empty"));
}

/// Whatever is written between the quotes, an answer comes back.
#[test]
fn no_text_panics() {
    let pieces = ["{", "}", "a", ":", ".", "hash", "(", ")", "ß", "\u{0}", "r#", "0", " ", "\\"];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut template = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            template += pieces[usize::try_from(state >> 33).unwrap() % pieces.len()];
        }
        let _ = parse(&template);
    }
}
