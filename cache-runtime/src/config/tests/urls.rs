//! URLs of each kind, and such as are none.

use super::*;

#[test]
fn urls_of_every_kind() {
    let url = |url| settings(Builder::default().url(url), &[]).unwrap();
    assert_eq!(server(&url("redis://u:p%40s%2Fs@h:7/5")), "h:7/5 u p@s/s");
    assert_eq!(server(&url("redis://:pw@[::1]:7")), "::1:7/0 - pw");
    assert_eq!(
        server(&url("redis+unix:///run/r.sock?db=2&user=u&pass=p%40")),
        "/run/r.sock db 2 u p@"
    );
    assert!(matches!(url("memory://").target, Target::Memory(_)));
    let Target::Memory(bounds) = url("memory://?max_bytes=2mb&max_entries=5").target else {
        panic!()
    };
    assert_eq!((bounds.bytes, bounds.entries), (2 << 20, 5));
    assert!(matches!(url("disabled://").target, Target::Disabled(Off::Url)));
}

#[test]
fn urls_of_sentinels() {
    let url = |url| settings(Builder::default().url(url), &[]).unwrap();
    let all =
        "redis-sentinel://u:p%40@h1,h2:7,[::1]/shop-1/5?sentinel_user=s&sentinel_password=q%23";
    assert_eq!(server(&url(all)), "shop-1@h1:26379,h2:7,::1:26379/5 u p@");
    let Target::Redis(redis) = url(all).target else { panic!() };
    let Place::Primary(sentinels) = redis.place else { panic!() };
    assert_eq!((sentinels.login.username(), sentinels.login.password()), (Some("s"), Some("q#")));
    assert_eq!(server(&url("redis-sentinel://h/shop")), "shop@h:26379/0 - -");
    let alone = url("redis-sentinel://h/shop/?sentinel_password=q");
    let Target::Redis(redis) = alone.target else { panic!() };
    let Place::Primary(sentinels) = redis.place else { panic!() };
    assert_eq!((sentinels.login.username(), sentinels.login.password()), (None, Some("q")));
    assert!(sentinels.addresses.len() == 1 && redis.login.password().is_none());
    #[cfg(feature = "tls")]
    {
        let Target::Redis(redis) = url("rediss-sentinel://h/shop").target else { panic!() };
        assert!(redis.is_tls());
    }
}

#[test]
fn urls_of_clusters() {
    let url = |url| settings(Builder::default().url(url), &[]).unwrap();
    let all = "redis-cluster://u:p%40@h1,h2:7,[::1],h1:6379";
    assert_eq!(server(&url(all)), "cluster@h1:6379,h2:7,::1:6379 u p@");
    assert!(!format!("{:?}", url(all).target).contains("p@"));
    assert_eq!(server(&url("redis-cluster://h/0")), "cluster@h:6379 - -");
    assert_eq!(server(&from_env(&[("REDIS_URL", "redis-cluster://h/")])), "cluster@h:6379 - -");
    let asks = Builder::default().password_with(async || Ok::<_, Error>("asked".to_owned()));
    assert_eq!(
        server(&settings(asks.url("redis-cluster://u@h"), &[]).unwrap()),
        "cluster@h:6379 u -"
    );
    let why = refused_env(&[("REDIS_URL", "redis-cluster://h1,h2/3")]);
    assert!(why.contains("REDIS_URL") && why.contains("database 0 alone"), "{why}");
    #[cfg(feature = "tls")]
    {
        let Target::Redis(redis) = url("rediss-cluster://h").target else { panic!() };
        assert!(redis.is_tls());
    }
}

#[test]
fn odd_urls_are_refused_without_being_repeated() {
    let odd = [
        "host:6379",
        "http://u:secret@h",
        "redis://",
        "redis://u:secret@",
        "redis://u:secret@h:x",
        "redis://u:secret@h/zero",
        "redis://u:secret@h/-1",
        "redis://secret@h",
        "redis://u:secret@h?passwd=secret",
        "redis://u:sec#ret@h",
        "redis://u:se/cret@h",
        "redis+unix://?pass=secret&x=1",
        "redis-sentinel://u:secret@h1,h2",
        "redis-sentinel://u:secret@h1,/shop",
        "redis-sentinel://u:secret@/shop",
        "redis-sentinel://u:secret@h1/",
        "redis-sentinel://u:secret@h1/shop/zero",
        "redis-sentinel://u:secret@h1/a b",
        "redis-sentinel://u:sec#ret@h1/shop",
        "redis-sentinel://u:se/cret@h1/shop",
        "redis-sentinel://h1/shop?secret=secret",
        "redis-sentinel://h1/shop?sentinel_user=secret",
        "redis-cluster://",
        "redis-cluster://u:secret@",
        "redis-cluster://u:secret@h1,",
        "redis-cluster://u:secret@h1:x",
        "redis-cluster://secret@h1",
        "redis-cluster://u:secret@h1/shop",
        "redis-cluster://u:secret@h1?x=1",
        "redis-cluster://u:sec#ret@h1",
        "redis-cluster://u:se/cret@h1",
        "memory://?max_bytes=secret",
        "memory://secret",
        "memory://?max_entries=0",
        "memory://?secret",
        "",
    ];
    for url in odd {
        let why = refused(Builder::default().url(url), &[]);
        assert!(why.starts_with("url(..)"), "{url}: {why}");
        for part in ["secret", "sec", "cret@"] {
            assert!(!why.contains(part), "{url}: {why}");
        }
    }
    #[cfg(not(feature = "tls"))]
    assert!(refused(Builder::default().url("rediss://h"), &[]).contains("feature `tls`"));
}
