//! Whoever comes: by day and by night, with a phone, or with the keyboard alone.

use crate::driver::Browser;
use crate::service::Service;
use crate::{ENTER, open};
use serde_json::json;

const TAB: &str = "\u{E004}";
const ARROW_RIGHT: &str = "\u{E014}";

/// Nothing is too pale, too wide or without a name, at these widths, by day and by night.
pub async fn assert_legible(browser: &Browser, name: &str, widths: &[u32]) {
    for &width in widths {
        for scheme in ["light", "dark"] {
            browser.look(width, scheme).await;
            let faults = browser.script(include_str!("legible.js")).await;
            browser.picture(&format!("{name}-{width}-{scheme}")).await;
            assert_eq!(faults, json!([]), "{width} {scheme}");
        }
    }
    browser.look(1280, "light").await;
}

#[tokio::test]
async fn it_can_be_read_by_day_by_night_and_on_a_phone() {
    let service = Service::start(None, &["--simulate-latency"]);
    let browser = open(&service).await;
    browser.until_says("#notes", "Redis is not configured").await;
    browser
        .script(
            "document.querySelectorAll('details').forEach((details) => { details.open = true; })",
        )
        .await;
    browser.until_says(".ratio", "faster").await;
    browser.fill("#load-n", "10").await;
    browser.click("#load-start").await;
    browser.until_says("#load-outcome", "× faster").await;
    browser.click("#write button").await;
    browser.until_says("#write-outcome", "written in").await;
    assert_legible(&browser, "page", &[1280, 768, 360, 320]).await;
    browser.complains_only_of(&[], &service.url()).await;
}

#[tokio::test]
async fn what_is_wider_than_a_phone_says_which_way_it_goes_on() {
    let service = Service::start(None, &[]);
    let browser = open(&service).await;
    browser.look(320, "light").await;
    for area in ["#code-cached .scroll", "#top .scroll"] {
        let marked = |edge: &str| format!("document.querySelector('{area}').closest('.{edge}')");
        browser.until(&format!("{} && !{}", marked("more-right"), marked("more-left"))).await;
        browser.script(&format!("document.querySelector('{area}').scrollLeft = 10000")).await;
        browser.until(&format!("{} && !{}", marked("more-left"), marked("more-right"))).await;
    }
    browser.look(1280, "light").await;
    browser.until("!document.querySelector('.wide')").await;
}

#[tokio::test]
async fn it_can_be_used_with_the_keyboard_alone() {
    let service = Service::with_token(None, &[]);
    let browser = open(&service).await;
    let focused = "const node = document.activeElement;
        const style = getComputedStyle(node.nextElementSibling && node.type === 'radio' ? node.nextElementSibling : node);
        const { top, bottom } = node.getBoundingClientRect();
        return { is: node.id || node.value || node.textContent.trim() || node.ariaLabel,
            outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
            seen: bottom > 0 && top < innerHeight, end: node === document.body };";
    let mut walk = Vec::new();
    for _ in 0..60 {
        browser.press(TAB).await;
        let at = browser.script(focused).await;
        if at["end"] == true {
            break;
        }
        assert_eq!((&at["outlined"], &at["seen"]), (&json!(true), &json!(true)), "{at}");
        walk.push(at["is"].as_str().unwrap().to_owned());
    }
    let mut rest = walk.iter();
    for stop in [
        "categories",
        "Run both",
        "load-query",
        "load-mode",
        "load-n",
        "load-c",
        "load-start",
        "write-product",
        "Change the price",
        "q",
        "category",
        "Search",
        "Read again",
        "Read again",
        "token",
        "pattern",
        "invalidate",
        "clear",
    ] {
        assert!(rest.any(|at| at == stop), "{stop} is not where it should be: {walk:?}");
    }

    // The comparison: to the radio buttons, to the next of them, to the text, and off.
    browser.script("document.querySelector('#compare input:checked').focus()").await;
    browser.press(ARROW_RIGHT).await;
    browser.until("!document.getElementById('compare-q').hidden").await;
    browser.press(TAB).await;
    assert_eq!(browser.script("return document.activeElement.id").await, "compare-text");
    browser.press(ENTER).await;
    browser.until("document.querySelectorAll('.bar').length >= 2").await;
    browser.complains_only_of(&[], &service.url()).await;
}
