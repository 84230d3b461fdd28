//! The database: SQLite or PostgreSQL, as the URL says, by one SQL text.

use crate::secret::Secret;
use crate::text;
use jiff::Timestamp;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// How long a request waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A number that replicas agree on, for PostgreSQL's lock around the set-up.
const SET_UP_LOCK: i64 = 0x0063_6174_616c_6f67; // "catalog"

const URL: &str = "`sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME` (special characters of \
                   a password as `%2F`)";

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: Secret,
    /// The least and the most of them.
    pub connections: RangeInclusive<u32>,
    /// Makes three queries slow.
    pub simulate_latency: bool,
}

/// What kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// Why there is no database to work with; never the URL, which has a password in it.
#[derive(Debug)]
pub enum OpenError {
    /// The URL is not one of a database that we know.
    Url(&'static str),
    /// It does not answer, or refuses; with the place, as [`Options::place`] says it.
    Failed(String, sqlx::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(expected) => write!(f, "the database's URL must be {expected}"),
            Self::Failed(place, sqlx::Error::PoolTimedOut) => {
                write!(f, "the database ({place}) did not answer within {} s", ACQUIRE.as_secs())
            }
            Self::Failed(place, error) => {
                write!(f, "the database ({place}) cannot be opened: {error}")
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// Connections to the database. Clones are the same.
#[derive(Debug, Clone)]
pub struct Db {
    pool: AnyPool,
    simulate_latency: bool,
}

impl Db {
    /// Connects, and fills the database if it is empty.
    ///
    /// # Errors
    /// [`OpenError`], in words for whoever started the service.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let kind = options.kind()?;
        let url = options.full_url(kind);
        let failed = |error| OpenError::Failed(options.place(), error);
        let connect = AnyConnectOptions::from_str(&url).map_err(|_| OpenError::Url(URL))?;
        let pool = AnyPoolOptions::new()
            .min_connections(*options.connections.start())
            .max_connections(*options.connections.end())
            .acquire_timeout(ACQUIRE)
            .after_connect(move |connection, _| Box::pin(prepare(connection, kind)))
            .connect_with(connect)
            .await
            .map_err(failed)?;
        set_up(&pool, kind).await.map_err(failed)?;
        Ok(Self { pool, simulate_latency: options.simulate_latency })
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    pub(crate) fn is_slow(&self) -> bool {
        self.simulate_latency
    }

    /// Waits, where the service was told to be as slow as on a large database.
    pub(crate) async fn latency(&self, of_a_large_database: Duration) {
        if self.simulate_latency {
            tokio::time::sleep(of_a_large_database).await;
        }
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Options {
    /// What the URL is one of.
    ///
    /// # Errors
    /// [`OpenError::Url`] where it is neither.
    pub fn kind(&self) -> Result<Kind, OpenError> {
        let url = self.url.expose();
        match url.split_once(':') {
            // Each connection would have an empty database of its own.
            Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
                Err(OpenError::Url("a file: SQLite in memory is one database per connection"))
            }
            Some(("sqlite", rest)) if !rest.trim_start_matches('/').is_empty() => Ok(Kind::Sqlite),
            Some(("postgres" | "postgresql", rest)) => {
                let server = rest.trim_start_matches('/').split_once(['/', '?', '#']);
                // The rest of a password that is not encoded; its begin would be taken for a port.
                if server.is_some_and(|(_, behind)| behind.contains('@')) {
                    return Err(OpenError::Url(URL));
                }
                Ok(Kind::Postgres)
            }
            _ => Err(OpenError::Url(URL)),
        }
    }

    /// The URL, with what lets SQLite create the file.
    fn full_url(&self, kind: Kind) -> String {
        let url = self.url.expose();
        match kind {
            Kind::Sqlite if !url.contains("mode=") => {
                format!("{url}{}mode=rwc", if url.contains('?') { '&' } else { '?' })
            }
            _ => url.to_owned(),
        }
    }

    /// Where it is, for people: the file, or the server. Never the user or the password.
    #[must_use]
    pub fn place(&self) -> String {
        let url = self.url.expose();
        let parsed = AnyConnectOptions::from_str(url).map(|options| options.database_url);
        match (self.kind(), parsed) {
            (Ok(Kind::Sqlite), _) => {
                let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
                format!("SQLite, {}", file.split('?').next().unwrap_or_default())
            }
            (Ok(Kind::Postgres), Ok(url)) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let host = url.host_str().unwrap_or("localhost");
                format!("PostgreSQL, {host}{port}{}", url.path())
            }
            _ => "none".to_owned(),
        }
    }
}

/// Sets what a connection does not find in the file.
async fn prepare(connection: &mut AnyConnection, kind: Kind) -> Result<(), sqlx::Error> {
    if kind == Kind::Sqlite {
        // With a write-ahead log that is safe, and no write waits for the disk.
        sqlx::query("PRAGMA synchronous = NORMAL").execute(connection).await?;
    }
    Ok(())
}

/// Makes the tables and fills them, if nobody has. One at a time, however many replicas start.
async fn set_up(pool: &AnyPool, kind: Kind) -> Result<(), sqlx::Error> {
    let mut transaction = match kind {
        Kind::Sqlite => {
            // Else readers and writers wait for each other, and some give up. The file keeps it.
            sqlx::query("PRAGMA journal_mode = WAL").execute(pool).await?;
            pool.begin_with("BEGIN IMMEDIATE").await?
        }
        Kind::Postgres => {
            let mut transaction = pool.begin().await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(SET_UP_LOCK)
                .execute(&mut *transaction)
                .await?;
            // The name that SQLite has for it; the schema uses it for both.
            sqlx::raw_sql(r#"CREATE COLLATION IF NOT EXISTS "binary" (LOCALE = 'C')"#)
                .execute(&mut *transaction)
                .await?;
            transaction
        }
    };
    sqlx::raw_sql(include_str!("../db/schema.sql")).execute(&mut *transaction).await?;
    let categories: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM categories").fetch_one(&mut *transaction).await?;
    if categories == 0 {
        fill(&mut transaction).await?;
    }
    transaction.commit().await
}

async fn fill(transaction: &mut Transaction<'_, Any>) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(include_str!("../db/seed.sql")).execute(&mut **transaction).await?;
    // The seed counts from the day of the load, so that there is something lately.
    let now = Timestamp::now().as_second();
    for table in [
        "UPDATE products SET created_at = created_at + $1",
        "UPDATE reviews SET created_at = created_at + $1",
    ] {
        sqlx::query(table).bind(now - now % DAY).execute(&mut **transaction).await?;
    }
    let products: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT id, name, description FROM products")
            .fetch_all(&mut **transaction)
            .await?;
    for (id, name, description) in products {
        sqlx::query("UPDATE products SET folded = $1 WHERE id = $2")
            .bind(text::fold(&format!("{name}\n{description}")))
            .bind(id)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_password_is_a_place() {
        let place = |url: &str| {
            let url = Secret::from(url.to_owned());
            Options { url, connections: 1..=1, simulate_latency: false }.place()
        };
        assert_eq!(place("postgres://me:hush@db:7/shop?x=1"), "PostgreSQL, db:7/shop");
        for odd in ["12/34", "12?34", "12#34", "12@34/5"] {
            let shown = place(&format!("postgres://me:{odd}@db/shop"));
            assert!(!shown.contains("12") && !shown.contains("34"), "{odd}: {shown}");
        }
    }
}
