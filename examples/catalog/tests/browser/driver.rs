//! A headless Chromium of the test's own, driven by WebDriver.

use cache_test_servers::{DEADLINE, eventually_blocking, free_port};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Between two looks at the page: each is a request to it.
const LOOK: Duration = Duration::from_millis(15);

/// `chromedriver` on a port of its own, and the browser that it started. Both end with it.
pub struct Browser {
    driver: Child,
    port: u16,
    client: Client,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser and opens `url`.
    pub async fn open(url: &str) -> Self {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there must be a `chromedriver` on the path (Debian: chromium-driver)");
        eventually_blocking(DEADLINE, || TcpStream::connect(("127.0.0.1", port)).is_ok());
        let profile = tempfile::tempdir().unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path()))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a session of Chromium");
        let browser = Self { driver, port, client, _profile: profile };
        browser.look(1280, "light").await;
        browser.client.goto(url).await.unwrap();
        browser
    }

    /// What a script of the test's own returns.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until an expression is true in the page.
    pub async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while self.script(&format!("return Boolean({expression})")).await != json!(true) {
            let page = "return document.body.innerText";
            if begun.elapsed() > DEADLINE {
                panic!("not true of the page: {expression}\n{}", self.script(page).await);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until the element's text contains `part`.
    pub async fn until_says(&self, css: &str, part: &str) {
        let (css, part) = (json!(css), json!(part));
        self.until(&format!("document.querySelector({css})?.textContent.includes({part})")).await;
    }

    /// The text that can be seen in the first such element.
    pub async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    /// Clicks it as a mouse would: whatever covers it takes the click.
    pub async fn click(&self, css: &str) {
        self.client.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    }

    /// Types into it, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option by its value.
    pub async fn select(&self, css: &str, value: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.select_by_value(value).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// The size of the window (phones are narrower than 500) and the reader's colour scheme.
    pub async fn look(&self, width: u32, scheme: &str) {
        let size =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// Keeps a picture of the whole page in the target folder, for whoever wants to see it.
    pub async fn picture(&self, name: &str) {
        let height = self.script("return document.documentElement.scrollHeight").await;
        let width = self.script("return innerWidth").await.as_u64().unwrap();
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("catalog-{name}.png"));
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Fails if the page logged an error other than the expected ones, or asked another host.
    pub async fn complains_only_of(&self, expected: &[&str], url: &str) {
        for entry in self.log("browser").await {
            let message = entry["message"].as_str().unwrap_or_default();
            let known = expected.iter().any(|part| message.contains(part));
            assert!(known || entry["level"] != "SEVERE", "{entry}");
        }
        let mut requests = 0;
        for entry in self.log("performance").await {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let (method, request) = (&event["message"]["method"], &event["message"]["params"]);
            let page = request["documentURL"].as_str().unwrap_or_default();
            // The browser's own first tab is not ours to judge.
            if method == "Network.requestWillBeSent" && !page.starts_with("chrome:") {
                let asked = request["request"]["url"].as_str().unwrap();
                assert!(asked.starts_with(url) || asked.starts_with("data:"), "{asked}");
                requests += 1;
            }
        }
        assert!(requests > 3, "the log of requests has the page's own");
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let command = Extension { path: "se/log", body: json!({"type": kind}) };
        let entries = self.client.issue_cmd(command).await.unwrap();
        entries.as_array().unwrap().clone()
    }

    async fn devtools(&self, cmd: &str, params: Value) -> Value {
        let body = json!({"cmd": cmd, "params": params});
        self.client.issue_cmd(Extension { path: "goog/cdp/execute", body }).await.unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Killing the driver would leave its browser behind: it is asked to end both.
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = connection.set_read_timeout(Some(DEADLINE));
            let _ = connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let _ = connection.read(&mut [0; 64]);
        }
        let begun = Instant::now();
        while matches!(self.driver.try_wait(), Ok(None)) && begun.elapsed() < DEADLINE {
            std::thread::sleep(LOOK);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn capabilities(profile: &Path) -> Capabilities {
    let arguments = [
        "--headless",
        "--no-sandbox", // it cannot have one as root
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        &format!("--user-data-dir={}", profile.display()),
    ];
    let capabilities = json!({
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    });
    capabilities.as_object().unwrap().clone()
}

/// A command of chromedriver's that WebDriver does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, id: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
