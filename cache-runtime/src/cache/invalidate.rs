//! Taking values out: one key, a pattern, a function's, all.

use crate::cache::Cache;
use crate::cache::naming::Named;
use crate::error::Error;
use crate::flight::single_flight::Old;
use crate::function::registry::registry;
use crate::key::ending::common_head;
use crate::key::glob;
use crate::key::set::{KeySet as _, Keys};
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::{Cursor, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which page of a walk over all keys comes next.
#[derive(Default)]
enum Pages {
    #[default]
    First,
    From(Cursor),
    NoMore,
}

impl Cache {
    /// Removes the value under `key`, with or without the cache's prefix. Says whether there was
    /// one.
    ///
    /// `key` is a rendered template, such as `user:7` of `user:{id}`. It means the entry of every
    /// function whose template can be rendered so, whatever its version and codec. If no function of
    /// this program can have it, one WARN says so; of another program's entries only one without
    /// version and codec is found.
    ///
    /// ```
    /// # use cache_runtime::{Cache, redis_cache};
    /// #[redis_cache(ttl = 60, key = "third:{n}")]
    /// async fn third(n: u64) -> u64 { n / 3 }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// let cache = Cache::builder().url("memory://").prefix("shop").build()?;
    /// cache.scope(third(9)).await;
    /// assert!(cache.invalidate("third:9").await?);
    /// assert!(!cache.invalidate("shop:third:9").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty key; otherwise why the store could not be asked. Then the
    /// value may still be there.
    pub async fn invalidate(&self, key: &str) -> Result<bool, Error> {
        let bare = self.bare(key, "key")?;
        let mut keys = self.keys_named(|key| key.text(bare));
        // As it is in Redis, shortened and marked, it may be longer than a rendering.
        let exact = Key::new(&self.settings().prefix, bare);
        if !keys.contains(&exact) {
            keys.push(exact);
        }
        Ok(self.invalidate_all(&keys, self.settings().timeout).await? > 0)
    }

    /// Invalidates every entry that has the tag `tag`, whatever its key and however many there are:
    /// one write. Says whether any may have had it.
    ///
    /// `tag` is a rendered template of `tags`, such as `org:7` of `org:{org}`. A computation that began
    /// before does not bring old data back, in this process or another: see
    /// [`redis_cache`](crate::redis_cache).
    ///
    /// ```
    /// # use cache_runtime::{Cache, redis_cache};
    /// #[redis_cache(ttl = 60, key = "members:{org}:{page}", tags = ["org:{org}"])]
    /// async fn members(org: u64, page: u32) -> Vec<String> { vec!["Ada".to_owned()] }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// let cache = Cache::builder().url("memory://").prefix("shop").build()?;
    /// cache.scope(async {
    ///     members(7, 1).await;
    ///     members(7, 2).await;
    ///     assert!(members_entry(7, 1).get().await?.is_some());
    ///     cache.invalidate_tag("org:7").await?;
    ///     assert!(members_entry(7, 1).get().await?.is_none());
    ///     assert!(members_entry(7, 2).get().await?.is_none());
    ///     # Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty tag; otherwise why the store could not be asked. Then the
    /// entries may still be valid.
    pub async fn invalidate_tag(&self, tag: &str) -> Result<bool, Error> {
        let tags = self.tag_named(tag)?;
        Ok(self.invalidate_all(&tags, self.settings().timeout).await? > 0)
    }

    /// Makes every entry stale that has the tag `tag`, by one write: what a function's stale windows
    /// allow is served on, at once while it is refreshed behind (`stale_while_revalidate`), or where
    /// the body fails (`stale_if_error`). Entries of functions without such windows are invalidated.
    /// Says whether any may have had it.
    ///
    /// # Errors
    /// As [`invalidate_tag`](Self::invalidate_tag).
    pub async fn soft_invalidate_tag(&self, tag: &str) -> Result<bool, Error> {
        let tags = self.tag_named(tag)?;
        Ok(self.soften_all(&tags, self.settings().timeout).await? > 0)
    }

    /// Has what has `tags` become stale; says how many of them there were.
    pub(crate) async fn soften_all(&self, tags: &[Key], within: Duration) -> Result<u64, Error> {
        // What is being computed is stale before it is there.
        self.flights().forget(Old::Keys(tags));
        let reconnects = self.store().reconnects();
        let softened = self.store().soften(tags, within).await;
        self.flights().forget(Old::Keys(tags));
        if softened.is_ok() {
            self.remember(tags, reconnects);
        }
        softened
    }

    fn tag_named(&self, tag: &str) -> Result<Tags, Error> {
        if tag.is_empty() {
            return Err(Error::Invalid("an empty tag names nothing".to_owned()));
        }
        let mut tags = self.settings().tags();
        tags.tag(|key| key.text(tag));
        tags.finish().map_err(|why| Error::Invalid(why.to_owned()))
    }

    /// Removes the value under `key`. Says whether there was one.
    pub(crate) async fn invalidate_key(&self, key: &Key) -> Result<bool, Error> {
        let keys = std::slice::from_ref(key);
        Ok(self.invalidate_all(keys, self.settings().timeout).await? > 0)
    }

    /// [`invalidate_key`](Self::invalidate_key) for many, tags among them; says how many values and
    /// tags there were.
    pub(crate) async fn invalidate_all(
        &self,
        keys: &[Key],
        within: Duration,
    ) -> Result<u64, Error> {
        self.flights().forget(Old::Keys(keys));
        let reconnects = self.store().reconnects();
        let removed = self.store().remove(keys, within).await;
        // A flight that began between the two has perhaps read what was about to change.
        self.flights().forget(Old::Keys(keys));
        if removed.is_ok() {
            self.remember(keys, reconnects);
        }
        removed
    }

    /// Removes every value whose key matches `pattern`, with or without the cache's prefix:
    /// `*` any text, `?` one character, `[ab]` one of these, `\` takes the next one literally.
    /// Says how many there were. Never reaches another prefix.
    ///
    /// The pattern is matched with the rendered templates, so a key's version, codec and length do
    /// not matter. A key that was shortened (beyond 1,024 bytes) is removed too if what is left of it
    /// does not show whether it matched. A pattern that names nothing of this program is said once
    /// at WARN.
    ///
    /// Walks all keys of the server (`SCAN`, never `KEYS`), each step within the store timeout; those
    /// that begin like the pattern, up to its first wildcard, come over the network. In a cluster it
    /// walks over every primary; where one does not answer, the others are done all the same.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty pattern; otherwise why the store could not be asked. Then
    /// some values may be gone and others not.
    pub async fn invalidate_matching(&self, pattern: &str) -> Result<u64, Error> {
        let named = Arc::new(Named::new(self.bare(pattern, "pattern")?));
        let removed = self.invalidate_set(&(named.clone() as Keys), None).await?;
        if removed == 0 && !named.is_known() {
            self.warn_of_unknown(&named.head());
        }
        Ok(removed)
    }

    /// Removes every value whose key is in the set, until a time if one is given. Says how many there
    /// were.
    pub(crate) async fn invalidate_set(
        &self,
        set: &Keys,
        until: Option<Instant>,
    ) -> Result<u64, Error> {
        let reconnects = self.store().reconnects();
        let removed = self.remove_matching(&set.head(), |key| set.holds(key), until).await?;
        self.remember_set(set, reconnects);
        Ok(removed)
    }

    /// Removes everything that the cached function `path` (`crate.module.function`, see
    /// [`functions`](crate::functions)) has stored, whatever its template. Says how many values
    /// there were.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the program has no such function; otherwise as
    /// [`invalidate_matching`](Self::invalidate_matching).
    pub async fn invalidate_function(&self, path: &str) -> Result<u64, Error> {
        let mut known = false;
        let mut removed = 0;
        for function in registry().named(path) {
            known = true;
            removed += self.invalidate_set(&function.entries(), None).await?;
        }
        if known {
            Ok(removed)
        } else {
            Err(Error::Invalid(format!("there is no cached function `{path}` in this program")))
        }
    }

    /// Removes every value under this cache's prefix. Says how many there were.
    ///
    /// # Errors
    /// As [`invalidate_matching`](Self::invalidate_matching).
    pub async fn clear(&self) -> Result<u64, Error> {
        self.invalidate_matching("*").await
    }

    /// How many values there are under this cache's prefix. Walks all keys of the server: not
    /// for every request. Some are counted twice where the server shrinks its table meanwhile.
    ///
    /// # Errors
    /// Why the store could not be asked.
    pub async fn count_keys(&self) -> Result<u64, Error> {
        let (mut count, mut pass) = (0, 0);
        let mut pages = Pages::default();
        while let Some(page) = self.next(&mut pages, &self.beginning(""), None).await? {
            count += self.values_of(&page).count() as u64;
            if let Pages::From(cursor) = &pages
                && cursor.pass() != pass
            {
                (count, pass) = (0, cursor.pass());
            }
        }
        Ok(count)
    }

    /// Removes those that `concerned` says of the values whose keys begin with `head`.
    async fn remove_matching(
        &self,
        head: &str,
        concerned: impl Fn(&Key) -> bool + Send + Sync,
        until: Option<Instant>,
    ) -> Result<u64, Error> {
        self.flights().forget(Old::Matching(&concerned));
        let mut removed = 0;
        // The leases first: after this pass, what was begun before it can no longer be stored,
        // and what it has stored is there for the second pass to see.
        let leases = format!("{}:~lease:*", self.settings().prefix);
        let of_lease = |lease: &String| Key::of_lease(&self.settings().prefix, lease);
        let (mut pages, mut failed) = (Pages::default(), Ok(()));
        while let Some(page) = self.next_or(&mut failed, &mut pages, &leases, until).await {
            let keys: Vec<_> = page.iter().filter_map(of_lease).filter(&concerned).collect();
            removed += self.remove_or(&mut failed, &keys).await;
        }
        let (mut pages, values) = (Pages::default(), self.beginning(head));
        while let Some(page) = self.next_or(&mut failed, &mut pages, &values, until).await {
            let keys: Vec<_> = self.values_of(&page).filter(&concerned).collect();
            removed += self.remove_or(&mut failed, &keys).await;
        }
        self.flights().forget(Old::Matching(&concerned));
        failed.map(|()| removed)
    }

    /// Removes `keys`. Where that fails it is noted, and there may be more that can be removed: what
    /// is on other nodes of a cluster.
    async fn remove_or(&self, failed: &mut Result<(), Error>, keys: &[Key]) -> u64 {
        match self.store().remove(keys, self.settings().timeout).await {
            Ok(removed) => removed,
            Err(error) => {
                *failed = Err(error);
                0
            }
        }
    }

    /// [`next`](Self::next), which ends where it fails; that is noted.
    async fn next_or(
        &self,
        failed: &mut Result<(), Error>,
        pages: &mut Pages,
        pattern: &str,
        until: Option<Instant>,
    ) -> Option<Vec<String>> {
        if matches!(failed, Err(Error::Refused(code)) if code != "TRYAGAIN") {
            return None; // it will not be permitted elsewhere either
        }
        match self.next(pages, pattern, until).await {
            Ok(page) => page,
            Err(error) => {
                *failed = Err(error);
                None
            }
        }
    }

    /// The next page of the keys that match, if there is one; a key can come twice.
    // A loop around this, and no callback: a future with an async closure in it is not `Send`.
    async fn next(
        &self,
        pages: &mut Pages,
        pattern: &str,
        until: Option<Instant>,
    ) -> Result<Option<Vec<String>>, Error> {
        let from = match pages {
            Pages::First => None,
            Pages::From(cursor) => Some(&*cursor),
            Pages::NoMore => return Ok(None),
        };
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(Error::Timeout);
        }
        let (page, next) = self.store().scan(pattern, from, self.settings().timeout).await?;
        *pages = next.map_or(Pages::NoMore, Pages::From);
        Ok(Some(page))
    }

    /// The pattern of all keys whose renderings begin with `head`, for the store.
    fn beginning(&self, head: &str) -> String {
        format!("{}:{}*", self.settings().prefix, glob::escape(common_head(head)))
    }

    /// The key, or the pattern of keys, that is `text` with or without the prefix.
    fn bare<'t>(&self, text: &'t str, what: &str) -> Result<&'t str, Error> {
        let prefix = &*self.settings().prefix;
        let bare = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':'));
        let bare = bare.unwrap_or(text);
        if bare.is_empty() {
            return Err(Error::Invalid(format!(
                "an empty {what} names nothing: `*` is everything"
            )));
        }
        Ok(bare)
    }

    /// Those of a page's keys that hold values, and are not ours beside them, such as
    /// `shop:~probe`. No argument renders as `~` with a letter behind it.
    fn values_of(&self, page: &[String]) -> impl Iterator<Item = Key> {
        let keys = page.iter().filter_map(|whole| Key::parse(&self.settings().prefix, whole));
        keys.filter(|key| {
            let internal = key.bare().strip_prefix('~');
            !internal.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        })
    }
}
