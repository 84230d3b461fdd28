//! Who beats whom, and what is refused.

mod urls;

use super::builder::Builder;
use super::settings::{InVain, Settings};
use super::*;
use crate::error::Error;
use std::collections::HashMap;
use std::time::Duration;

/// What `builder` becomes with these variables.
fn settings(builder: Builder, variables: &[(&str, &str)]) -> Result<Settings, Error> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    builder.settings(&|name| variables.get(name).map(|&value| value.to_owned()))
}

fn from_env(variables: &[(&str, &str)]) -> Settings {
    settings(Builder::default(), variables).unwrap()
}

/// The text of the error.
fn refused(builder: Builder, variables: &[(&str, &str)]) -> String {
    match settings(builder, variables) {
        Err(Error::Config(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn refused_env(variables: &[(&str, &str)]) -> String {
    refused(Builder::default(), variables)
}

/// `host:port/db`, with the user and password.
fn server(settings: &Settings) -> String {
    let Target::Redis(server) = &settings.target else { panic!("{settings:?}") };
    let login = &server.login;
    let who = (login.username().unwrap_or("-"), login.password().unwrap_or("-"));
    format!("{} {} {}", server.address(), who.0, who.1)
}

#[test]
fn without_anything_caching_is_off_and_the_rest_has_defaults() {
    let settings = from_env(&[("REDIS_PORT", "6380"), ("REDIS_PASSWORD", "pw")]);
    assert!(matches!(settings.target, Target::Disabled(Off::NotConfigured)));
    assert_eq!((settings.prefix.as_ref(), settings.prefix_is_default), ("cache", true));
    assert_eq!(settings.default_ttl, Duration::from_secs(300));
    assert_eq!(settings.timeout, Duration::from_millis(250));
    assert_eq!((settings.wait, settings.connections), (Duration::from_secs(10), 1));
    assert!(settings.key_secret.is_none());
}

#[test]
fn what_is_said_in_vain_is_known() {
    let in_vain = |builder, env: &[_]| settings(builder, env).unwrap().in_vain;
    let new = Builder::default;
    let (login, port) = (("REDIS_PASSWORD", "pw"), ("REDIS_PORT", "6380"));
    for env in [&[login, port][..], &[login, port, ("REDIS_URL", "redis://url")]] {
        assert_eq!(in_vain(new(), env).variables, ["REDIS_PASSWORD", "REDIS_PORT"]);
    }
    let kubernetes = ("REDIS_PORT", "tcp://10.0.0.1:6379");
    for env in [
        &[login, port, ("REDIS_HOST", "host")][..],
        &[login, port, ("REDIS_ENABLED", "true")],
        &[kubernetes],
    ] {
        assert_eq!(in_vain(new(), env), InVain::default());
    }
    assert_eq!(in_vain(new().url("redis://built"), &[login]), InVain::default());

    let off = ("REDIS_ENABLED", "false");
    assert!(in_vain(new().url("memory://"), &[off]).url);
    assert!(!in_vain(new().url("memory://").enabled(false), &[off]).url);
    assert!(!in_vain(new(), &[off]).url);
    let on = settings(new().url("memory://").enabled(true), &[off]).unwrap();
    assert!(matches!(on.target, Target::Memory(_)) && !on.in_vain.url);
}

#[test]
fn a_password_that_is_not_encoded_is_told_how_to_be() {
    for (url, encoded) in [
        ("redis://u:sec#ret@h", "%23"),
        ("redis://:#ret@h", "%23"),
        ("redis://u:sec?ret@h", "%3F"),
        ("redis://u:se/cret@h", "%2F"),
        ("rediss://u:se/cret@h", "%2F"),
    ] {
        if url.starts_with("rediss") && !cfg!(feature = "tls") {
            continue;
        }
        let why = refused(Builder::default().url(url), &[]);
        assert!(why.contains("special characters") && why.contains(encoded), "{url}: {why}");
        assert!(!why.contains("ret@"), "{url}: {why}");
    }
}

#[test]
fn the_builder_beats_the_url_beats_the_host() {
    let all = [("REDIS_URL", "redis://url"), ("REDIS_HOST", "host"), ("REDIS_PORT", "odd")];
    let built = settings(Builder::default().url("redis://built:1/2"), &all).unwrap();
    assert_eq!(server(&built), "built:1/2 - -");
    assert_eq!(server(&from_env(&all)), "url:6379/0 - -");
}

#[test]
fn a_host_takes_its_companions_and_passes_over_what_kubernetes_injects() {
    let env = [
        ("REDIS_HOST", "redis"),
        ("REDIS_PORT", "tcp://10.0.0.1:6379"),
        ("REDIS_DB", "3"),
        ("REDIS_USERNAME", "app"),
        ("REDIS_PASSWORD", " p@ss "),
        ("REDIS_URL", ""),
    ];
    assert_eq!(server(&from_env(&env)), "redis:6379/3 app  p@ss ");
    assert_eq!(server(&from_env(&[("REDIS_HOST", "[::1]"), ("REDIS_PORT", "1")])), "::1:1/0 - -");
}

#[test]
fn enabled_says_whether_and_alone_means_this_machine() {
    for on in ["true", "1", "YES", "on"] {
        assert_eq!(server(&from_env(&[("REDIS_ENABLED", on)])), "localhost:6379/0 - -");
    }
    for off in ["false", "0", "no", "OFF"] {
        let env = [("REDIS_ENABLED", off), ("REDIS_URL", "redis://host")];
        assert!(matches!(from_env(&env).target, Target::Disabled(Off::Setting)));
        let built = settings(Builder::default().enabled(true), &env).unwrap();
        assert_eq!(server(&built), "host:6379/0 - -");
    }
    assert!(refused_env(&[("REDIS_ENABLED", "maybe")]).contains("REDIS_ENABLED"));
}

#[test]
fn malformed_variables_are_named() {
    let host = ("REDIS_HOST", "h");
    for (variable, value) in [
        ("REDIS_PORT", "0"),
        ("REDIS_PORT", "http"),
        ("REDIS_DB", "-1"),
        ("REDIS_DB", "x"),
        ("REDIS_KEY_PREFIX", "a:b"),
        ("REDIS_KEY_PREFIX", "a*"),
        ("REDIS_CACHE_TTL", "0"),
        ("REDIS_CACHE_TTL", "soon"),
        ("REDIS_CACHE_TTL", "-5"),
        ("REDIS_USERNAME", "u"),
    ] {
        let why = refused_env(&[host, (variable, value)]);
        assert!(why.starts_with(variable), "{variable}={value}: {why}");
    }
    for odd in ["h:6380", "redis://h", "u@h", "a b", "h/0"] {
        assert!(refused_env(&[("REDIS_HOST", odd)]).starts_with("REDIS_HOST"), "{odd}");
    }
}

#[test]
fn malformed_calls_are_named() {
    let zero = Duration::ZERO;
    let new = Builder::default;
    for (builder, name) in [
        (new().prefix(""), "prefix(..)"),
        (new().prefix("a b"), "prefix(..)"),
        (new().default_ttl(zero), "default_ttl(..)"),
        (new().ttl_setting("d", zero), "ttl_setting(\"d\", ..)"),
        (new().ttl_setting("", Duration::MAX), "ttl_setting(..)"),
        (new().timeout(zero), "timeout(..)"),
        (new().connections(0), "connections(..)"),
        (new().connections(65), "connections(..)"),
        (new().max_size(0), "max_size(..)"),
        (new().max_size((512 << 20) + 1), "max_size(..)"),
        (new().key_secret(""), "key_secret(..)"),
    ] {
        let why = refused(builder, &[]);
        assert!(why.starts_with(name), "{why}");
    }
    settings(new().wait(zero), &[]).unwrap();
}

#[test]
fn ttls_come_from_builder_environment_and_default() {
    let env = [
        ("REDIS_CACHE_TTL", "5m"),
        ("REDIS_CACHE_TTL_DASHBOARD_V2", "7"),
        ("REDIS_CACHE_TTL_BOTH", "9"),
    ];
    let minute = Duration::from_secs(60);
    let mut settings = settings(Builder::default().ttl_setting("both", minute), &env).unwrap();
    let lookup =
        |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    settings.read_ttl_settings(["dashboard-v2", "both", "none"], &lookup).unwrap();
    assert_eq!(settings.ttl("dashboard-v2"), Duration::from_secs(7));
    assert_eq!(settings.ttl("both"), minute);
    assert_eq!(settings.ttl("none"), Duration::from_secs(300));
    let why = settings.read_ttl_settings(["new"], &|_| Some("0".to_owned())).unwrap_err();
    assert!(matches!(why, Error::Config(why) if why.starts_with("REDIS_CACHE_TTL_NEW")));
}

#[test]
fn a_password_may_be_asked_for() {
    let asks = || Builder::default().password_with(async || Ok::<_, Error>("asked".to_owned()));
    let url = settings(asks().url("redis://user@h"), &[]);
    assert_eq!(server(&url.unwrap()), "h:6379/0 user -");
    let host = settings(asks(), &[("REDIS_HOST", "h"), ("REDIS_USERNAME", "user")]);
    assert_eq!(server(&host.unwrap()), "h:6379/0 user -");
    assert!(matches!(settings(asks().url("memory://"), &[]).unwrap().target, Target::Memory(_)));
}

#[test]
fn verification_cannot_be_switched_off() {
    for scheme in ["redis", "rediss"] {
        if scheme == "rediss" && !cfg!(feature = "tls") {
            continue;
        }
        let why = refused(Builder::default().url(format!("{scheme}://h/#insecure")), &[]);
        assert!(why.contains("`#insecure`") && why.contains("REDIS_TLS_CA"), "{why}");
    }
}

#[test]
fn files_of_tls_are_in_vain_without_it() {
    let files = [("REDIS_TLS_CA", "/ca.pem"), ("REDIS_TLS_CERT", "/cert.pem")];
    let in_vain = |url| settings(Builder::default().url(url), &files).unwrap().in_vain;
    assert_eq!(in_vain("redis://h").tls, ["REDIS_TLS_CA", "REDIS_TLS_CERT"]);
    for url in ["memory://", "disabled://"] {
        assert_eq!(in_vain(url), InVain::default());
    }
}

#[cfg(feature = "tls")]
#[test]
fn files_of_tls_come_from_the_builder_and_the_environment() {
    let url = || Builder::default().url("rediss://h");
    let tls = |builder, env: &[_]| match settings(builder, env).unwrap().target {
        Target::Redis(server) => server.tls,
        other => panic!("{other:?}"),
    };
    let client = Some(("/cert.pem".into(), "/key.pem".into()));
    let env = [
        ("REDIS_TLS_CA", "/ca.pem"),
        ("REDIS_TLS_CERT", "/cert.pem"),
        ("REDIS_TLS_KEY", "/key.pem"),
    ];
    assert_eq!(tls(url(), &[]), Tls::default());
    assert_eq!(tls(url(), &env), Tls { ca: Some("/ca.pem".into()), client: client.clone() });
    let built = tls(url().tls_ca("/built.pem"), &env);
    assert_eq!(built, Tls { ca: Some("/built.pem".into()), client });
    let built = tls(url().tls_client("/a.pem", "/b.pem"), &env);
    assert_eq!(built.client, Some(("/a.pem".into(), "/b.pem".into())));
    assert_eq!(settings(url(), &env).unwrap().in_vain, InVain::default());
    for alone in [1, 2] {
        let why = refused(url(), &env[alone..=alone]);
        assert!(why.contains("REDIS_TLS_CERT") && why.contains("REDIS_TLS_KEY"), "{why}");
    }
}

#[test]
fn debug_shows_neither_password_nor_secret() {
    let secrets = ["pass-word", "key-secret", "use-r"];
    let builder = Builder::default().url("redis://use-r:pass-word@h").key_secret("key-secret");
    let odd = Builder::default().url("redis//use-r:pass-word@h");
    let settings = settings(builder.clone(), &[]).unwrap();
    assert!(settings.key_secret.is_some());
    for text in [format!("{builder:?}"), format!("{settings:?}"), format!("{odd:?}")] {
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
