//! The crates whose building is measured. They do the same and differ in how it is cached.

use crate::generated::Sources;
use std::fmt::Write as _;

/// What stands on a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Nothing: the body alone.
    Nothing,
    /// `#[redis_cache]`.
    Attribute,
    /// Nothing, but its body caches by one function that all functions of the crate share and
    /// that knows no type of theirs: about the least that caching by hand can cost. A computed
    /// value is returned as it is, and is not decoded from what is stored, as with the attribute.
    Hand,
    /// `#[tracing::instrument]`, a widely used attribute for async functions.
    Instrument,
}

/// What the functions of a crate return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Types {
    /// All of them one type.
    One,
    /// Each a type of its own.
    Distinct,
}

impl Types {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one type",
            Self::Distinct => "distinct types",
        }
    }
}

/// A crate of so many functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) by: By,
    pub(crate) types: Types,
    pub(crate) functions: u32,
}

impl Crate {
    /// Of the package and its program.
    pub(crate) fn name(self) -> String {
        let Self { by, types, functions } = self;
        format!("{by:?}_{types:?}_{functions}").to_lowercase()
    }

    pub(crate) fn sources(self) -> Sources {
        Sources { name: self.name(), library: Some(self.library()), program: self.program() }
    }

    fn library(self) -> String {
        let mut text = include_str!("library.rs.txt").to_owned();
        if self.by == By::Hand {
            text += include_str!("hand.rs.txt");
        }
        for number in 0..self.functions {
            if number == 0 || self.types == Types::Distinct {
                text += &structure(number);
            }
            text += &self.function(number);
        }
        text
    }

    fn program(self) -> String {
        let mut text = include_str!("program.rs.txt").to_owned();
        for number in 0..self.functions {
            text += &self.caller(number);
        }
        text += "\nfn main() {\n    let id = std::env::args().count() as u64;\n";
        for number in 0..self.functions {
            writeln!(text, "    run(Box::pin(caller{number}(id)));").unwrap();
        }
        text + "}\n"
    }

    /// Of the type that a function returns.
    fn of(self, number: u32) -> u32 {
        if self.types == Types::One { 0 } else { number }
    }

    /// As a handler uses what a cached function answers.
    fn caller(self, number: u32) -> String {
        let library = self.name();
        format!(
            "
async fn caller{number}(id: u64) -> usize {{
    match {library}::f{number}(id).await {{
        Ok(user) => user.name.len() + user.email.len(),
        Err(_) => 0,
    }}
}}\n"
        )
    }

    fn function(self, number: u32) -> String {
        let of = self.of(number);
        let attribute = match self.by {
            By::Attribute => format!("#[redis_cache(ttl = 60, key = \"u{number}:{{id}}\")]\n"),
            By::Instrument => "#[tracing::instrument]\n".to_owned(),
            By::Nothing | By::Hand => String::new(),
        };
        let compute = format!(
            "let row = load(id).await?;
    let logins = logins(&row).await?;
    let name = row.name.trim().to_owned();
    let email = row.email.unwrap_or_else(|| format!(\"{{name}}@example.com\"));
    let user = User{of} {{ id, name, email, logins }};"
        );
        let body = match self.by {
            By::Hand => format!(
                "let key = format!(\"u{number}:{{id}}\");
    let mut computed = None;
    let body = Box::pin(async {{
    {compute}
    let bytes = serde_json::to_vec(&user).map_err(|_| Error)?;
    computed = Some(user);
    Ok(bytes)
    }});
    let bytes = get_or_compute(key, 60, body).await?;
    match computed {{
        Some(user) => Ok(user),
        None => serde_json::from_slice(&bytes).map_err(|_| Error),
    }}"
            ),
            _ => format!("{compute}\n    Ok(user)"),
        };
        format!(
            "\n{attribute}pub async fn f{number}(id: u64) -> Result<User{of}, Error> {{
    {body}
}}\n"
        )
    }
}

fn structure(number: u32) -> String {
    format!(
        "\n#[derive(Serialize, Deserialize)]
pub struct User{number} {{
    pub id: u64,
    pub name: String,
    pub email: String,
    pub logins: u32,
}}\n"
    )
}
