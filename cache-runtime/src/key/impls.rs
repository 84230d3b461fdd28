//! [`CacheKey`] for the types of std.

use super::cache_key::CacheKey;
use super::writer::KeyWriter;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

/// Types that `Display` writes exactly, in digits, letters, `.` and `-`.
macro_rules! plain {
    ($($type:ty),+ $(,)?) => {$(
        impl CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                key.plain(self);
            }
        }
    )+};
}

plain!(u128, i128, NonZero<u128>, NonZero<i128>, f32, f64, bool, Ipv4Addr);

/// Integers whose absolute value a `u64` can hold, and those among them that are not zero.
macro_rules! numbers {
    ($($unsigned:ty, $signed:ty;)+) => {$(
        impl CacheKey for $unsigned {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                key.number(false, *self as u64);
            }

            #[inline]
            fn __number(&self) -> Option<u64> {
                Some(*self as u64)
            }
        }

        impl CacheKey for $signed {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                key.number(*self < 0, self.unsigned_abs() as u64);
            }

            #[inline]
            fn __number(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }

        impl CacheKey for NonZero<$unsigned> {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                self.get().write_key(key);
            }
        }

        impl CacheKey for NonZero<$signed> {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                self.get().write_key(key);
            }
        }
    )+};
}

numbers! {
    u8, i8;
    u16, i16;
    u32, i32;
    u64, i64;
    usize, isize;
}

impl CacheKey for str {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.str(self);
    }
}

impl CacheKey for String {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.str(self);
    }
}

impl CacheKey for char {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.str(self.encode_utf8(&mut [0; 4]));
    }
}

/// Types that read as what they hold.
macro_rules! transparent {
    ($($type:ty),+ $(,)?) => {$(
        impl<T: CacheKey + ?Sized> CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                (**self).write_key(key);
            }

            #[inline]
            fn __number(&self) -> Option<u64> {
                (**self).__number()
            }
        }
    )+};
}

transparent!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: CacheKey + ToOwned + ?Sized> CacheKey for Cow<'_, T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        (**self).write_key(key);
    }
}

impl<T: CacheKey> CacheKey for Option<T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.option(self.as_ref(), |value, key| value.write_key(key));
    }
}

fn write_list<'a, T: CacheKey + 'a>(
    items: impl IntoIterator<Item = &'a T>,
    key: &mut KeyWriter<'_>,
) {
    key.begin_list();
    items.into_iter().for_each(|item| key.item(item));
    key.end_list();
}

impl<T: CacheKey> CacheKey for [T] {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        write_list(self, key);
    }
}

impl<T: CacheKey, const N: usize> CacheKey for [T; N] {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        write_list(self, key);
    }
}

impl<T: CacheKey> CacheKey for Vec<T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        write_list(self, key);
    }
}

impl<T: CacheKey> CacheKey for VecDeque<T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        write_list(self, key);
    }
}

impl<T: CacheKey> CacheKey for BTreeSet<T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        write_list(self, key);
    }
}

impl<K: CacheKey, V: CacheKey> CacheKey for BTreeMap<K, V> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.begin_list();
        for (name, value) in self {
            key.entry(name, value);
        }
        key.end_list();
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))+) => {$(
        impl<$($name: CacheKey),*> CacheKey for ($($name,)*) {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                #[allow(non_snake_case)] // the type's name serves for the field too
                let ($($name,)*) = self;
                key.begin_tuple();
                $(key.item($name);)*
                key.end_tuple();
            }
        }
    )+};
}

tuples! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
}

impl CacheKey for Ipv6Addr {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        // An address has no `-` of its own, and `2001-db8--1` is easier to read than `%3A`s.
        key.plain(self.to_string().replace(':', "-"));
    }
}

impl CacheKey for IpAddr {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::V4(address) => address.write_key(key),
            Self::V6(address) => address.write_key(key),
        }
    }
}

/// Types that `Display` writes exactly, in characters that need encoding.
macro_rules! displayed {
    ($($type:ty),+ $(,)?) => {$(
        impl CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                key.display(self);
            }
        }
    )+};
}

displayed!(SocketAddrV4);

impl CacheKey for SocketAddrV6 {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.display(self);
        // Which `Display` leaves out.
        if self.flowinfo() != 0 {
            key.plain(format_args!("-{}", self.flowinfo()));
        }
    }
}

impl CacheKey for SocketAddr {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::V4(address) => address.write_key(key),
            Self::V6(address) => address.write_key(key),
        }
    }
}
