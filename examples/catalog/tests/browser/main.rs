//! The page, in a real browser, against the real service with a real Redis. Pictures of it are kept
//! in the target folder, `tmp/catalog-*.png`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]

mod claims;
mod driver;
mod reading;
mod service;
mod source;

use cache_test_servers::RedisServer;
use driver::Browser;
use reading::assert_legible;
use serde_json::json;
use service::{Service, TOKEN};

/// WebDriver's name for the key.
const ENTER: &str = "\u{E007}";

/// The page has read all its tables and its counters.
const LOADED: &str = "document.querySelectorAll('.panel .tag').length === 3
    && document.querySelectorAll('#counters dd').length > 0";

async fn open(service: &Service) -> Browser {
    let browser = Browser::open(&service.url()).await;
    browser.until(LOADED).await;
    browser
}

#[tokio::test]
async fn the_comparison_shows_what_the_attribute_buys() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &["--simulate-latency"]);
    let browser = open(&service).await;

    // It ran when the page opened, so that the cache has this query.
    browser.click("#compare button").await;
    browser.until("document.querySelectorAll('.bar').length === 2").await;
    let ratio = browser.text(".ratio").await;
    let ratio: f64 = ratio.split('×').next().unwrap().replace(',', "").parse().unwrap();
    assert!(ratio > 5.0, "a query of 300 ms against a look into Redis: {ratio}");
    assert!(browser.text("#compared").await.contains("10 rows, equal"));
    // Whoever does not see the bars is told.
    let told = browser.text("#compare-outcome[role=status]").await;
    assert!(told.contains(" ms from the cache, ") && told.contains("× faster"), "{told}");

    // Nobody has searched for this: the first call fills the cache.
    browser.click("#compare input[value=search]").await;
    browser.fill("#compare-text", "lamp").await;
    browser.click("#compare button").await;
    browser.until("document.querySelectorAll('.bar').length === 3").await;
    assert!(browser.text(".bars").await.contains("a miss"));
    assert!(browser.text("#code-cached").await.contains("products:search:{q}"));

    browser.until_says("#notes", "Latency is simulated").await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn a_comparison_is_shown_under_its_own_query_only() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &["--simulate-latency"]);
    let browser = open(&service).await;
    let nothing = "document.getElementById('compared').textContent === 'Nothing measured yet: press “Run both”.'
        && document.getElementById('compare-outcome').textContent === ''";
    browser.until_says(".ratio", "faster").await;
    browser.click("#compare input[value=top]").await;
    browser.until(nothing).await;
    browser.click("#compare input[value=categories]").await;

    // Chosen during a run, which takes seconds: that run ends, and the next may begin.
    browser.click("#compare button").await;
    browser.until_says("#compare-outcome", "Running").await;
    browser.click("#compare input[value=top]").await;
    browser.until(nothing).await;
    browser.click("#compare button").await;
    browser.until_says(".ratio", "faster").await;
    assert!(browser.text("#compared").await.contains("30 rows, equal"), "of the top products");
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn the_load_test_draws_both_and_can_be_cancelled() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &["--simulate-latency"]);
    let browser = open(&service).await;

    browser.fill("#load-n", "12").await;
    browser.click("#load-start").await;
    browser.until_says("#load-outcome", "× faster").await;
    let table = browser.text("#load-table").await;
    for part in
        ["Median", "95th percentile", "Maximum", "Requests per second", "12 BYPASS", "12 HIT"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
    let marks = "return ['.dot', '.plus'].map((kind) =>
        document.querySelector(`#chart ${kind}`).getAttribute('d').match(/M/g).length)";
    assert_eq!(browser.script(marks).await, json!([12, 12]));
    let label = browser.script("return document.getElementById('chart').ariaLabel").await;
    assert!(label.as_str().unwrap().contains("× faster"), "{label}");

    browser.fill("#load-n", "1000").await;
    browser.click("#load-start").await;
    browser.until("document.getElementById('load-progress').value >= 2").await;
    browser.click("#load-cancel").await;
    browser.until_says("#load-outcome", "Cancelled").await;
    assert_eq!(browser.script("return document.activeElement.id").await, "load-start");

    // More than it may send is not sent.
    browser.fill("#load-n", "100000").await;
    browser.click("#load-start").await;
    let refused = "document.querySelector('#load-n:invalid') && !document.getElementById('load-start').disabled";
    browser.until(refused).await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn a_coarse_clock_leaves_no_request_out() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    browser
        .script(
            "const [now, entries] = [performance.now, performance.getEntriesByName].map((f) => f.bind(performance));
            performance.now = () => Math.floor(now() / 1000) * 1000;
            // Every fourth request is one in which the clock ticks.
            performance.getEntriesByName = (...which) => entries(...which)
                .map(({ startTime, requestStart, responseStatus }, at) => ({
                    startTime, requestStart, responseEnd: requestStart + (at % 4 === 3 ? 1000 : 0), responseStatus }));",
        )
        .await;
    browser.fill("#load-n", "12").await;
    browser.click("#load-start").await;
    browser.until_says("#load-outcome", "median").await;
    let table = browser.text("#load-table").await;
    assert!(table.contains("0.05 ms") && table.contains("1.00 s"), "median and maximum: {table}");
    let marks = "return ['.dot', '.plus'].map((kind) =>
        document.querySelector(`#chart ${kind}`).getAttribute('d').match(/M/g).length)";
    assert_eq!(browser.script(marks).await, json!([12, 12]));
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn the_operator_needs_the_token() {
    let redis = RedisServer::start();
    let service = Service::with_token(Some(&redis), &[]);
    let browser = open(&service).await;
    let keys = || {
        let keys: Vec<String> = redis.command(&["KEYS", "catalog:*"]);
        keys.into_iter().filter(|key| !key.contains("~tag:")).collect::<Vec<_>>()
    };
    assert_eq!(keys().len(), 3, "what the page's tables have read: {:?}", keys());

    browser.fill("#token", "the-token-of-somebody-else").await;
    browser.click("#operate button[value=clear]").await;
    browser.until_says("#operate-outcome", "not the operator’s token").await;
    assert_eq!(keys().len(), 3);

    browser.fill("#token", TOKEN).await;
    browser.fill("#pattern", "products:search:*").await;
    browser.press(ENTER).await; // in the pattern's field: invalidates what matches, not everything
    browser.until_says("#operate-outcome", "1 key removed by products:search:*").await;
    assert_eq!(keys().len(), 2);

    // What was typed is shown as text.
    browser.fill("#pattern", "products:search:<img src=x onerror=alert(1)>*").await;
    browser.click("#operate button[value=invalidate]").await;
    browser.until_says("#operate-outcome", "0 keys removed by products:search:<img").await;

    browser.click("#operate button[value=clear]").await;
    browser.until_says("#operate-outcome", "the cache is empty").await;
    assert_eq!(keys(), Vec::<String>::new());
    let kept = "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])";
    assert!(!browser.script(kept).await.as_str().unwrap().contains(TOKEN));
    browser
        .complains_only_of(
            &["/cache/clear - Failed to load resource: the server responded with a status of 403"],
            &service.url(),
        )
        .await;
}

#[tokio::test]
async fn the_tables_are_read_through_the_cache() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    assert_eq!(
        browser.script("return document.querySelectorAll('#top tbody tr').length").await,
        30
    );
    assert_eq!(
        browser.script("return document.querySelectorAll('#category option').length").await,
        11
    );

    browser.click("#categories button").await;
    browser.until_says("#categories .tag", "HIT").await;

    browser.fill("#q", "zzz nothing has this zzz").await;
    browser.press(ENTER).await;
    let outcome = "#search ~ .outcome";
    browser.until_says(outcome, "Nothing found").await;
    browser.until("document.querySelector('#search ~ .scroller > .scroll').hidden").await;
    browser.script("document.getElementById('q').value = ''").await;
    browser.select("#category", "3").await;
    browser.click("#search button").await;
    browser.until_says(outcome, "50 rows").await;
    let categories =
        "return new Set([...document.querySelectorAll('#search ~ .scroller > .scroll td:nth-child(3)')]
        .map((cell) => cell.textContent)).size";
    assert_eq!(browser.script(categories).await, 1);
    browser.until_says("#operate-notes", "started without a token").await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn a_write_is_seen_by_every_later_read() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    browser.until("document.querySelectorAll('#write-product option').length === 30").await;
    browser.fill("#write-price", "123.45").await;
    browser.click("#write button").await;
    browser.until_says("#write-outcome", "to 123.45").await;
    let written = "return [...document.querySelectorAll('#written tbody tr')]
        .map((row) => [row.cells[1].textContent, row.cells[2].textContent])";
    let expected =
        json!([["MISS", "123.45"], ["MISS", "–"], ["HIT", "123.45"], ["MISS", "–"], ["HIT", "–"]]);
    assert_eq!(browser.script(written).await, expected);
    browser.until_says("#top tbody tr td:last-child", "123.45").await;

    browser.fill("#write-price", "a lot").await;
    browser.click("#write button").await;
    assert_eq!(
        browser.script("return document.querySelectorAll('#write-price:invalid').length").await,
        1
    );
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn a_write_that_cannot_be_read_back_was_a_write() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    browser.until("document.querySelectorAll('#write-product option').length === 30").await;
    // The second read after the write fails, and no other.
    browser
        .script(
            "const send = window.fetch;
            let written = false;
            window.fetch = async (path, options) => {
                if (written && path === '/api/categories') {
                    window.fetch = send;
                    throw new TypeError('as of a network that is gone');
                }
                const response = await send(path, options);
                written ||= options.method === 'PUT';
                return response;
            };",
        )
        .await;
    browser.fill("#write-price", "123.45").await;
    browser.click("#write button").await;
    let outcome = "#write-outcome.bad";
    browser.until_says(outcome, "Reading it back failed: The service cannot be reached").await;
    assert!(browser.text(outcome).await.contains("to 123.45, written in"));
    assert_eq!(
        browser.script("return document.querySelectorAll('#written tbody tr').length").await,
        1
    );
    browser.until_says("#top tbody tr td:last-child", "123.45").await;
    browser.until_says("#write-product option:checked", ", 123.45").await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn reading_again_keeps_what_was_typed_and_takes_no_older_answer() {
    let redis = RedisServer::start();
    let service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    browser.until("document.querySelectorAll('#write-product option').length === 30").await;
    let price = "return document.getElementById('write-price').value";
    let chosen = "return document.getElementById('write-product').value";
    let id = browser.script(chosen).await;

    browser.fill("#write-price", "77.77").await;
    browser.click("#top button").await;
    browser.until_says("#top .tag", "HIT").await;
    assert_eq!(browser.script(price).await, "77.77");

    // The answer to the first of these comes after the one to the second.
    browser
        .script(
            "const send = window.fetch;
            window.fetch = async (...request) => {
                window.fetch = send;
                const response = await send(...request);
                const text = await response.text();
                response.text = async () => text;
                await new Promise((resolve) => { window.late = resolve; });
                return response;
            };
            document.querySelector('#top button').click();",
        )
        .await;
    browser.until("window.late").await;
    browser
        .script(&format!(
            "window.fetch('/api/products/{}/price', {{ method: 'PUT', body: '{{\"price\": \"88.88\"}}',
                headers: {{ 'content-type': 'application/json' }} }})
                .then(() => document.querySelector('#top button').click());",
            id.as_str().unwrap()
        ))
        .await;
    let option = "#write-product option:checked";
    browser.until_says(option, ", 88.88").await;
    browser.script("window.late()").await;
    assert!(browser.text(option).await.contains(", 88.88"));
    assert_eq!(browser.script(price).await, "77.77");

    // Another product has another price.
    let second = "return document.querySelectorAll('#write-product option')[1].value";
    browser.select("#write-product", browser.script(second).await.as_str().unwrap()).await;
    assert_ne!(browser.script(price).await, "77.77");
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn it_says_when_redis_goes_and_when_it_is_back() {
    let mut redis = RedisServer::start();
    let mut service = Service::start(Some(&redis), &[]);
    let browser = open(&service).await;
    browser.until_says("#counters", "connected").await;
    browser.until_says("#counters", "version ").await;
    assert_eq!(browser.text("#notes").await, "");
    let alerts = "return document.getElementById('alerts').childElementCount";
    assert_eq!(browser.script(alerts).await, 0);

    redis.kill();
    browser.until_says("#alerts", "Redis does not answer").await;
    browser.script("scrollTo(0, document.body.scrollHeight)").await;
    let seen = "document.querySelector('#alerts .bad').getBoundingClientRect().bottom > 0";
    browser.until(seen).await; // wherever one has scrolled to
    assert_legible(&browser, "redis-gone", &[1280, 320]).await;
    browser.click("#compare button").await;
    browser.until_says(".ratio", "Redis did not answer").await;
    assert!(browser.text("#compared").await.contains("same data"));

    browser.click("#write button").await;
    browser.until_says("#write-outcome", "Redis will be told").await;

    redis.restart();
    browser.until_says("#alerts", "Redis is back").await;
    browser.until("!document.querySelector('#alerts .bad')").await;
    assert_legible(&browser, "redis-back", &[320]).await;

    service.kill();
    browser.until_says("#alerts", "The service cannot be reached").await;
    browser.click("#categories button").await;
    browser.until_says("#categories .outcome", "The service cannot be reached").await;
    browser
        .complains_only_of(
            &["net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET"],
            &service.url(),
        )
        .await;
}

#[tokio::test]
async fn it_asks_for_nothing_while_nobody_looks() {
    let service = Service::start(None, &[]);
    let browser = open(&service).await;
    browser
        .script(
            "const send = window.fetch;
            window.asked = 0;
            window.fetch = (...request) => { window.asked++; return send(...request); };",
        )
        .await;
    browser.until("window.asked >= 1").await;
    let look = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});
            document.dispatchEvent(new Event('visibilitychange'));
            window.since = performance.now();
            window.asked = 0;"
        )
    };
    browser.script(&look(true)).await;
    browser.until("performance.now() > window.since + 2500").await; // it asks every two seconds
    assert_eq!(browser.script("return window.asked").await, 0);
    browser.script(&look(false)).await;
    browser.until("window.asked >= 2").await;
}

#[tokio::test]
async fn it_says_when_caching_is_off() {
    let service = Service::start(None, &["--no-redis"]);
    let browser = open(&service).await;
    browser.until_says("#notes", "Caching is off").await;
    browser.until_says(".ratio", "Caching is off").await;
    browser.complains_only_of(&[], &service.url()).await;
}
