//! Judges an attribute and its function: one `check_*` per rule, with its reason.

use crate::cached::expand::copies as background;
use crate::cached::model::{self, Life, Model, Ttl};
use crate::cached::options::{Args, Opt};
use crate::key::build::{Template, key_of_reader};
use crate::shared::errors::Errors;
use crate::shared::form::{Form, form_of};
use crate::shared::item::{Binding, Item, arguments};
use crate::shared::tokens::{has_impl_trait, mentions, text_of};
use crate::shared::{times, values};
use proc_macro2::{Ident, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, GenericArgument, PathArguments, ReturnType, Safety, Type, parse_quote};

/// Whether there is another `#[redis_cache]` that makes a companion, whose name is taken.
pub(crate) fn check_once(item: &Item, errors: &mut Errors) -> bool {
    let is_another = |attr: &&Attribute| {
        let name = attr.path().segments.last();
        name.is_some_and(|name| name.ident == "redis_cache")
            && !attr.to_token_stream().into_iter().any(|tree| has_option(tree, "entry"))
    };
    let another = item.attrs.iter().find(is_another);
    if let Some(another) = another {
        errors.on(
            another,
            "`#[redis_cache]` is here twice: put all options into one (or write `entry = false` \
             in one of them, if two caches are meant)",
        );
    }
    another.is_some()
}

fn has_option(tree: TokenTree, option: &str) -> bool {
    match tree {
        TokenTree::Group(group) => group.stream().into_iter().any(|tree| has_option(tree, option)),
        tree => tree.to_string() == option,
    }
}

/// Checks everything. There is a model whenever the key and the return type are right, since they
/// tell the companion's signature; only without errors is it worth expanding.
pub(crate) fn validate(args: Args, item: &Item, errors: &mut Errors) -> Option<Model> {
    let shape = check_form(item, errors);
    check_qualifiers(item, errors);
    check_one_ttl(&args, errors);
    let arguments = arguments(&item.sig);
    let bindings = &arguments.bindings;
    let literal = args.key.as_ref().map(|key| values::string(key, "\"user:{id}\"", errors));
    let template = match &literal {
        Some(Some(literal)) => Template::Written(literal),
        Some(None) => Template::Unreadable,
        None => Template::Default,
    };
    let skip: Vec<Ident> = args.skip.iter().flat_map(|skip| &skip.value).cloned().collect();
    let key = key_of_reader(template, &skip, item, &arguments, errors);

    let ttl = args.ttl.as_ref().and_then(|option| times::life(option, errors)).map(Ttl::Life);
    let setting = args.ttl_setting.as_ref().and_then(|option| check_setting(option, errors));
    let version = args.version.as_ref().and_then(|option| values::version(option, errors));
    let jitter = args.jitter.as_ref().and_then(|option| values::jitter(option, errors));
    let none_ttl = args.none_ttl.as_ref().and_then(|option| times::life(option, errors));
    check_same_for_all("none_ttl", none_ttl.as_ref(), bindings, errors);
    let max_size = args.max_size.as_ref().and_then(|option| values::size(option, errors));
    let entry = args.entry.as_ref().and_then(|option| values::boolean(option, errors));
    let cache_if = args.cache_if.as_ref().and_then(|option| {
        values::function(option, "cache_if = |value| value.is_complete()", errors)
    });
    let ttl_with = args
        .ttl_with
        .as_ref()
        .and_then(|option| values::function(option, "ttl_with = |value| value.lifetime()", errors));
    let mut window = |option: &Option<Opt<Expr>>| {
        let option = option.as_ref()?;
        let life = times::life(option, errors);
        check_same_for_all(&option.key.to_string(), life.as_ref(), bindings, errors);
        life
    };
    let stale_while_revalidate = window(&args.stale_while_revalidate);
    let stale_if_error = window(&args.stale_if_error);
    let early_refresh = args.early_refresh.as_ref().and_then(|option| values::beta(option, errors));
    let mut timeout = |option: &Option<Opt<Expr>>| {
        let Opt { key, .. } = option.as_ref()?;
        let value = times::timeout(option.as_ref()?, errors)?;
        Some(Opt { key: key.clone(), value })
    };
    let soft_timeout = timeout(&args.soft_timeout);
    let hard_timeout = timeout(&args.hard_timeout);
    check_timeouts(&args, soft_timeout.as_ref(), hard_timeout.as_ref(), errors);
    let form = shape.as_ref().map(|(form, _)| *form);
    let background = background::check(&args, item, form, errors);
    let single_flight =
        args.single_flight.as_ref().and_then(|option| values::single_flight(option, errors));
    let cache = args.cache.and_then(|option| check_cache(option, errors));
    let (form, output) = shape?;
    Some(Model {
        nth: model::next(),
        krate: args.krate.map_or_else(|| parse_quote!(::cache_runtime), |option| option.value),
        form,
        output,
        bindings: arguments.bindings,
        key: key?,
        version,
        codec: args.codec.map(|option| option.value),
        ttl: ttl.or(setting),
        ttl_with,
        jitter,
        none_ttl,
        cache_if,
        max_size,
        stale_while_revalidate,
        stale_if_error,
        early_refresh,
        soft_timeout,
        hard_timeout,
        background,
        single_flight,
        cache,
        entry: entry.unwrap_or(true),
        has_self: item.has_self(),
        written: args.written,
    })
}

/// Something must come out of it.
fn check_form(item: &Item, errors: &mut Errors) -> Option<(Form, Type)> {
    let (form, output) = form_of(&item.sig);
    match &output {
        _ if matches!(item.sig.output, ReturnType::Default) => {
            nothing_returned(&item.sig.ident, errors);
        }
        Type::Tuple(tuple) if tuple.elems.is_empty() => nothing_returned(&output, errors),
        Type::Never(_) => nothing_returned(&output, errors),
        ty if borrowed(ty).is_some() => errors.on(
            borrowed(ty),
            "what is borrowed cannot be read back from a cache: return an owned value, such as \
             `String` for `&str`",
        ),
        ty if has_impl_trait(ty) => errors.on(
            ty,
            "a type without a name cannot be read back from a cache: return a named type that \
             is `Serialize` and `DeserializeOwned`",
        ),
        _ => return Some((form, output)),
    }
    None
}

/// The reference that is returned, also as `Ok(&T)` or `Some(&T)`.
fn borrowed(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(_) => Some(ty),
        Type::Group(group) => borrowed(&group.elem),
        Type::Paren(paren) => borrowed(&paren.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            arguments
                .args
                .iter()
                .find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
                .and_then(borrowed)
        }
        _ => None,
    }
}

fn nothing_returned(place: impl ToTokens, errors: &mut Errors) {
    errors.on(
        place,
        "this function returns nothing, so there is nothing to cache: return a value, or remove \
         the attribute",
    );
}

/// On a hit the body does not run, so it must not be what upholds an unsafe contract; and a
/// foreign caller cannot await.
fn check_qualifiers(item: &Item, errors: &mut Errors) {
    let sig = &item.sig;
    if let Safety::Unsafe(token) = &sig.safety {
        errors.on(
            token,
            "an unsafe function is not cached, since a hit would skip its body: cache a safe \
             function that calls it",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.on(
            abi,
            "a function with a foreign ABI is not cached: cache a Rust function that it calls",
        );
    }
    if let Some(token) = &sig.constness {
        errors.on(token, "a `const fn` is not cached: remove `const`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "a variadic function is not cached: name its arguments");
    }
}

/// A value has one life: which of two would win is nothing to guess.
fn check_one_ttl(args: &Args, errors: &mut Errors) {
    let keys: Vec<&Ident> = [&args.ttl, &args.ttl_setting, &args.ttl_with]
        .into_iter()
        .flatten()
        .map(|option: &Opt<Expr>| &option.key)
        .collect();
    if let [first, rest @ ..] = keys.as_slice() {
        for other in rest {
            errors.at(
                other.span(),
                format!("`{first}` and `{other}` both give the time to live: remove one of them"),
            );
        }
    }
}

/// After the soft one there must be something to serve, and some time until the hard one.
fn check_timeouts(
    args: &Args,
    soft: Option<&Opt<Life>>,
    hard: Option<&Opt<Life>>,
    errors: &mut Errors,
) {
    if let Some(option) = &args.soft_timeout
        && args.stale_if_error.is_none()
    {
        errors.at(
            option.key.span(),
            "after `soft_timeout` a call returns the stale value that `stale_if_error` keeps, and \
             nothing keeps one here: add `stale_if_error = \"1h\"`, or write `hard_timeout` to \
             return an error instead",
        );
    }
    if let (Some(option), Some(Opt { value: Life::Fixed(soft), .. })) = (&args.soft_timeout, soft)
        && let Some(Opt { value: Life::Fixed(hard), .. }) = hard
        && soft >= hard
    {
        errors.on(
            &option.value,
            "`soft_timeout` is not shorter than `hard_timeout`, which serves a stale value as \
             well, so it changes nothing: write a shorter one, or remove it",
        );
    }
}

/// The companion writes values too, and it does not know every argument.
fn check_same_for_all(
    option: &str,
    life: Option<&Life>,
    bindings: &[Binding],
    errors: &mut Errors,
) {
    let Some(Life::Expr(expr)) = life else { return };
    let is_argument =
        |name: &str| name == "self" || bindings.iter().any(|b| text_of(&b.ident) == name);
    if mentions(expr, &is_argument) {
        errors.on(
            expr,
            format!(
                "`{option}` is the same for all calls, so it cannot use arguments: write whole \
                 seconds (`{option} = 5`), a duration (`{option} = \"5s\"`) or a constant"
            ),
        );
    }
}

/// The name becomes that of an environment variable.
fn check_setting(option: &Opt<Expr>, errors: &mut Errors) -> Option<Ttl> {
    let text = values::string(option, "\"dashboard\"", errors)?;
    let name = text.value();
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        errors.on(
            &text,
            "the name of a TTL setting is letters, digits and `_`, since the environment variable \
             `REDIS_CACHE_TTL_<NAME>` can give it: write `ttl_setting = \"dashboard\"`",
        );
    }
    good.then_some(Ttl::Setting(name))
}

/// A URL in quotes is what people try first.
pub(crate) fn check_cache(option: Opt<Expr>, errors: &mut Errors) -> Option<Expr> {
    if let Expr::Lit(literal) = &option.value {
        errors.at(
            literal.span(),
            "`cache` is an expression of type `Cache`, such as a field or a static: write \
             `cache = self.cache`",
        );
        return None;
    }
    Some(option.value)
}
