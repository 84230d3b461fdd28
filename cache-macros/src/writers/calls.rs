//! What a writer names: calls of cached functions.

use crate::shared::tokens::text_of;
use crate::writers::kind::Kind;
use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use syn::{Expr, ExprLit, Lit};

/// `users::get_user_entry(id)` of `users::get_user(id)`, and the same of a method.
pub(super) fn companion(kind: Kind, call: Expr) -> syn::Result<Expr> {
    let entry = |name: &Ident| format_ident!("{}_entry", text_of(name), span = name.span());
    let other = match call {
        Expr::Call(mut call) => {
            if let Expr::Path(function) = &mut *call.func
                && let Some(last) = function.path.segments.last_mut()
            {
                last.ident = entry(&last.ident);
                return Ok(Expr::Call(call));
            }
            return Err(not_a_call(call));
        }
        Expr::MethodCall(mut call) => {
            call.method = entry(&call.method);
            return Ok(Expr::MethodCall(call));
        }
        Expr::Path(path) => {
            let written = path.to_token_stream().to_string().replace(' ', "");
            let message = format!(
                "`{written}` is not called: write it with the arguments that its key uses, such \
                 as `{written}(id)`"
            );
            return Err(syn::Error::new_spanned(path, message));
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let message = match kind {
                Kind::Invalidate => {
                    format!("a key stands in `keys`: write `keys = [{:?}]`", text.value())
                }
                Kind::Put => not_by_key("a key"),
            };
            return Err(syn::Error::new_spanned(text, message));
        }
        Expr::Await(call) => {
            let message = "the function is named here, not run: remove `.await`";
            return Err(syn::Error::new_spanned(call, message));
        }
        other => other,
    };
    Err(not_a_call(other))
}

fn not_a_call(tokens: impl ToTokens) -> syn::Error {
    let message = "expected a call of a cached function with the arguments that its key uses, \
                   such as `get_user(id)`, `self.find(id)` or `Self::find(id)`";
    syn::Error::new_spanned(tokens, message)
}

/// Why a value cannot be stored under a key alone.
pub(super) fn not_by_key(what: &str) -> String {
    format!(
        "{what} does not say how the value is stored, which only a cached function does: name \
         that, such as `#[redis_put(get_user(id))]`, or invalidate the key with \
         `#[redis_invalidate(keys = [\"user:{{id}}\"])]`"
    )
}
