//! What the page claims: each result, row and figure has what it rests on beside it.

use crate::driver::Browser;
use crate::open;
use crate::service::Service;
use cache_test_servers::RedisServer;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

#[tokio::test]
async fn the_first_result_needs_no_click_and_says_so() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &["--simulate-latency"]);
    let browser = Browser::open(&service.url()).await;
    browser.until_says(".ratio", "× faster").await;
    let outcome = "#compare-outcome";
    browser.until_says(outcome, "Measured when this page opened: ").await;
    assert!(browser.text(".bars").await.contains("a miss"), "nobody had called it before");
    for width in [1280, 320] {
        browser.look(width, "light").await;
        browser
            .until("document.querySelector('.ratio').getBoundingClientRect().bottom < innerHeight")
            .await; // on the first screen
    }
    browser.click("#compare button").await;
    browser.until_says(outcome, "Measured at ").await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn redis_comes_before_memory() {
    let redis = RedisServer::start();
    for (redis, flags, told) in [
        (Some(&redis), &[][..], "connected"),
        (None, &[], "not configured"),
        (None, &["--no-redis"], "off"),
    ] {
        let service = Service::start(redis, flags);
        let browser = open(&service).await;
        assert!(browser.text(".lead").await.contains("stores its results in Redis"));
        assert!(browser.text("#counters div:first-child").await.starts_with("Redis\n"));
        assert_eq!(browser.text("#counters div:first-child dd").await, told);
        // Wherever a sentence speaks of memory, it has spoken of Redis.
        let late = "return [document.body, ...document.querySelectorAll('.notice, #counters div')]
            .map((node) => node.innerText)
            .filter((text) => /memory of this process/.test(text) && !/Redis.*?memory of this process/s.test(text))";
        assert_eq!(browser.script(late).await, json!([]));
        let memory = browser.script("return document.body.innerText.search(/memory/i)").await;
        let first = browser.script("return document.body.innerText.search(/Redis/)").await;
        assert!(first.as_i64() < memory.as_i64(), "{first} {memory}");
    }
}

#[tokio::test]
async fn every_row_leads_to_the_code_that_it_claims() {
    let service = Service::start(None, &[]);
    let browser = open(&service).await;
    browser.until("document.querySelectorAll('#write-product option').length === 30").await;
    browser.click("#write button").await;
    browser.until_says("#write-outcome", "written in").await;
    let rows = "document.querySelectorAll('.bar-head, #written tbody tr')";
    let without = format!("return [...{rows}].filter((row) => !row.querySelector('a')).length");
    assert_eq!(browser.script(&without).await, 0);
    let links = "document.querySelectorAll('.bar-head a, #written a')";
    let count = browser.script(&format!("return {links}.length")).await.as_u64().unwrap();
    assert!(count >= 8, "{count} links");
    for link in 0..count {
        browser.script(&format!("window.link = {links}[{link}]; link.click();")).await;
        browser
            .until(
                "[...document.querySelectorAll(`${link.hash} pre`)].some((code) =>
                    code.checkVisibility() && code.textContent.includes(link.textContent))",
            )
            .await;
        browser
            .until(
                "(({ top }) => top >= 0 && top < innerHeight)(
                    document.querySelector(link.hash).getBoundingClientRect())",
            )
            .await;
    }

    // The tables, the counters and the operators' form have theirs below them.
    for (place, parts) in [
        ("[aria-labelledby=search-h]", &["#[redis_cache(", "async fn search("][..]),
        ("#top", &["#[redis_cache(", "async fn top("]),
        ("#categories", &["#[redis_cache(", "async fn categories("]),
        ("[aria-labelledby=now]", &["coalesced: total.coalesced"]),
        ("[aria-labelledby=operate-h]", &["http::admin("]),
    ] {
        let code = format!("return document.querySelector('{place} details').textContent");
        let code = browser.script(&code).await;
        for part in parts {
            assert!(code.as_str().unwrap().contains(part), "{place}: {part}");
        }
    }
    browser.complains_only_of(&[], &service.url()).await;
}

/// What the page shows as source is what the file has at that line, to the end of the function.
#[tokio::test]
async fn the_code_on_the_page_is_the_source() {
    let service = Service::start(None, &[]);
    let browser = open(&service).await;
    let figures = "return [...document.querySelectorAll('figure.source')].map((figure) => [
        figure.querySelector('figcaption').textContent, figure.querySelector('pre').textContent])";
    let mut shown = HashSet::new();
    for figure in browser.script(figures).await.as_array().unwrap() {
        let [caption, code] = [&figure[0], &figure[1]].map(|text| text.as_str().unwrap());
        let (name, place) = caption.split_once(" in ").unwrap();
        let (file, line) = place.split_once(", line ").unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&file).unwrap();
        let before = line.parse::<usize>().unwrap() - 1;
        let rest: String = text.split_inclusive('\n').skip(before).collect();
        assert!(rest.starts_with(&format!("{code}\n")), "{caption}:\n{code}");
        assert!(code.contains(&format!("fn {name}(")) && code.ends_with("\n}"), "{code}");
        assert_eq!(code.matches("\n}").count(), 1, "one function: {code}");
        let above = text.lines().nth(before - 1).unwrap();
        assert!(above.is_empty() || above.starts_with("//"), "its attributes too: {above}");
        shown.insert(caption.to_owned());
    }
    let listed = include_str!("../../src/routes/source.rs").matches("    source!(").count();
    assert_eq!(shown.len(), listed, "each that is listed is shown: {shown:?}");
    let left = "return document.documentElement.outerHTML.includes('<!-- source ')";
    assert_eq!(browser.script(left).await, false);
}

/// Name, value and explanation of each counter.
async fn counters(browser: &Browser) -> Vec<[String; 3]> {
    let read = "return [...document.querySelectorAll('#counters div')].map((counter) =>
        [...counter.children].map((child) => child.textContent))";
    serde_json::from_value(browser.script(read).await).unwrap()
}

#[tokio::test]
async fn counters_that_are_zero_say_why() {
    let mut redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    let all = counters(&browser).await;
    assert_eq!(all.len(), 9);
    for [name, value, why] in &all {
        assert!(!why.is_empty(), "{name} {value}");
    }
    let why = |name: &str| {
        format!(
            "[...document.querySelectorAll('#counters div')].find((c) => c.firstChild.textContent === '{name}').lastChild.textContent"
        )
    };
    let says = |name: &str, text: &str| format!("{} === {}", why(name), Value::from(text));
    browser.until(&says("Stale", "no function here has a stale window")).await;
    browser.until(&says("Coalesced", "no two calls missed the same key at once")).await;
    browser.until(&says("Keys", "stored results")).await; // from the next count on

    redis.kill();
    browser.until(&says("Memory", "Redis does not answer")).await;
    browser.until(&says("Keys", "Redis does not answer")).await;

    let service = Service::start(None, &["--no-redis"]);
    let browser = open(&service).await;
    for [name, value, why] in counters(&browser).await.iter().skip(1) {
        assert!(["0", "–", "closed"].contains(&value.as_str()), "{name} {value}");
        assert_eq!(why, "caching is off", "{name}");
    }
}
