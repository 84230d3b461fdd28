//! The steps that must be atomic and are more than one command: small scripts, sent by their hash.
//!
//! A lease is read with `pcall`: a list in its place is an answer like any other, and not the end of
//! the script.

use super::hashed::Hashed;
use std::fmt;

/// Reads the value and how long it has left, as one moment has them.
const READ: &str = "\
local value = redis.call('GET', KEYS[1])
if not value then return false end
return {value, redis.call('PTTL', KEYS[1])}";

/// Gives the lease to ARGV[1] for ARGV[2] unless somebody has it: 1 for ours, for theirs 0 or what
/// KEYS[3] says that has ended. What is no token, or has more left than any lease (`grant::LONGEST`),
/// is nobody's: others wrote it. From ARGV[3] on stand tokens of leases that this process has left
/// behind, with a sign behind those of what has ended without a value.
macro_rules! take {
    () => {
        "
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
local holder, ends = redis.pcall('GET', KEYS[2]), redis.call('PTTL', KEYS[2])
local held = type(holder) == 'string' and ends >= 0 and ends <= 60000
for i = 3, #ARGV do
  if string.sub(ARGV[i], 1, 32) == holder then
    held = false
    if #ARGV[i] > 32 then redis.pcall('SET', KEYS[3], holder, 'PX', 2000) end
  end
end
if held then
  local ended = redis.pcall('GET', KEYS[3])
  return type(ended) == 'string' and {ended} or 0
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1"
    };
}

/// As `ACQUIRE`, where only a value with more left than the argument behind the life counts.
const ACQUIRE_ABOVE: &str = concat!(
    "\
local left = redis.call('PTTL', KEYS[1])
if left > tonumber(table.remove(ARGV, 3)) then
  local value = redis.call('GET', KEYS[1])
  if value then return {value, left} end
end",
    take!()
);

/// Gives the lease back, if it is still ours, and leaves the mark in KEYS[3] for ARGV[2] that what it
/// was for has ended without a value. A server that is full takes no mark.
macro_rules! end {
    () => {
        "\
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.pcall('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
"
    };
}

const END: &str = concat!(end!(), "return 1");

/// The same, and removes the value.
const DISCARD: &str = concat!(end!(), "redis.call('UNLINK', KEYS[1])\nreturn 1");

/// Reads the value, or gives out the lease: the value, 1 for ours, 0 for theirs.
const ACQUIRE: &str = concat!(
    "\
local value = redis.call('GET', KEYS[1])
if value then return value end",
    take!()
);

/// `READ`, with the tokens of tags behind.
const READ_TAGGED: &str = "\
local value = redis.call('GET', KEYS[1])
if not value then return false end
return {value, redis.call('PTTL', KEYS[1]), unpack(redis.call('MGET', unpack(KEYS, 2)))}";

/// The token of a tag: `token` if it has none, which then `lasts`, as does one that would end within
/// `least`, before the fill.
macro_rules! seed {
    () => {
        "\
local function seed(key, token, lasts, least)
  local own, left = redis.pcall('GET', key), redis.call('PTTL', key)
  if type(own) ~= 'string' or #own ~= 24 then
    redis.call('SET', key, token, 'PX', lasts)
    return token
  end
  if left >= 0 and left < least then redis.call('PEXPIRE', key, lasts) end
  return own
end"
    };
}

/// Notes in the log, which is the last of KEYS, that the tags ARGV[$from] and on are about to be
/// invalidated, if anybody has marked a place there: under `n` less how many there were, under `e`
/// less the epoch, and under each tag the number of its last one, of the last 10,000 (`log::MOST`). What
/// is too long ago goes first: a full server lets a script add only after it has removed.
///
/// In a cluster the log is in another slot: there it has a script of its own, sent before.
macro_rules! log {
    ($from:literal) => {
        concat!(
            "\
if #ARGV >= ",
            $from,
            " then
  local log = table.remove(KEYS)
  local n = redis.pcall('ZSCORE', log, 'n')
  if type(n) == 'string' then
    n = -tonumber(n)
    redis.call('ZREMRANGEBYSCORE', log, '(0', n + #ARGV - ",
            $from,
            " + 1 - 10000)
    for i = ",
            $from,
            ", #ARGV do
      n = n + 1
      redis.call('ZADD', log, n, ARGV[i])
    end
    redis.call('ZADD', log, -n, 'n')
  end
end
"
        )
    };
}

/// Where the log is, `e` and `n`: a new one of the epoch `epoch` where there is none, or something else.
/// It is kept for a day.
macro_rules! mark {
    () => {
        "
  local e, n = redis.pcall('ZSCORE', log, 'e'), redis.pcall('ZSCORE', log, 'n')
  if type(e) ~= 'string' or type(n) ~= 'string' then
    e, n = '-' .. epoch, '-0'
    redis.call('UNLINK', log)
    redis.call('ZADD', log, e, 'e', n, 'n')
  end
  redis.call('PEXPIRE', log, 86400000)
"
    };
}

/// Whether it is known that none of `tags` was invalidated since the log was in the epoch `epoch` at
/// `since`.
macro_rules! none_since {
    () => {
        "\
local function none_since(log, epoch, since, tags)
  local e, n = redis.pcall('ZSCORE', log, 'e'), redis.pcall('ZSCORE', log, 'n')
  if type(e) ~= 'string' or type(n) ~= 'string' then return false end
  if -tonumber(e) ~= epoch or -tonumber(n) - since > 10000 then return false end
  for i = 1, #tags do
    local last = redis.call('ZSCORE', log, tags[i])
    if last and tonumber(last) > since then return false end
  end
  return true
end
"
    };
}

/// `ACQUIRE` for a key with tags.
///
/// - KEYS: value, lease, mark of an end, the tags; and the log, if ARGV names an epoch.
/// - ARGV: token, its life; the fill that does not count, nothing, or `*` to take the lease whoever has
///   it; life of a new tag; life of the fill; epoch of a new log, or nothing; a token for each tag that
///   has none; leases left behind.
/// - The answer: 0 and what was found; 1, theirs, and what has ended; or 2, where the log is, if that is
///   asked for, and the tokens.
///
/// In a cluster the tags and the log are in other slots: there each has a script of its own, answered
/// before the body begins.
const ACQUIRE_TAGGED: &str = concat!(
    "\
local seen, lasts = table.remove(ARGV, 3), table.remove(ARGV, 3)
local least, epoch, seeds = tonumber(table.remove(ARGV, 3)), table.remove(ARGV, 3), {}
local log = epoch ~= '' and table.remove(KEYS)
for i = 4, #KEYS do seeds[i] = table.remove(ARGV, 3) end
",
    seed!(),
    "
local function take()",
    take!(),
    "
end
if seen == '*' then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
else
  local value = redis.call('GET', KEYS[1])
  if value and (seen == '' or string.sub(value, 11, 18) ~= seen) then
    local tags = #KEYS > 3 and redis.call('MGET', unpack(KEYS, 4)) or {}
    return {0, value, redis.call('PTTL', KEYS[1]), unpack(tags)}
  end
  local taken = take()
  if taken ~= 1 then return {1, type(taken) == 'table' and taken[1] or nil} end
end
local reply = {2}
if log then",
    mark!(),
    "\
  reply = {2, e, n}
end
for i = 4, #KEYS do reply[#reply + 1] = seed(KEYS[i], seeds[i], lasts, least) end
return reply"
);

/// The token of a tag, that alone. Arguments: what becomes it if it has none, how long a new tag lives,
/// and how long the fill will.
const SEED: &str = concat!(seed!(), "\nreturn seed(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]))");

/// Answers the tokens of the tags KEYS, behind which the log stands, or 0 where one of them was
/// invalidated since it was in the epoch ARGV[3] at ARGV[4], or that is not known. Before these stand
/// how long a new tag lives and how long the fill will, and behind them a token for each tag.
const SEED_OWN: &str = concat!(
    seed!(),
    "\n",
    none_since!(),
    "\
local log = table.remove(KEYS)
if not none_since(log, tonumber(ARGV[3]), tonumber(ARGV[4]), KEYS) then return 0 end
local reply = {}
for i = 1, #KEYS do reply[i] = seed(KEYS[i], ARGV[i + 4], ARGV[1], tonumber(ARGV[2])) end
return reply"
);

/// The log, that alone, of a cluster: marked by ARGV as an epoch; asked whether none of the tags behind
/// epoch and place was invalidated since; told of tags that are about to be.
const MARK: &str = concat!("local log, epoch = KEYS[1], ARGV[1]", mark!(), "return {e, n}");
const NONE_SINCE: &str = concat!(
    none_since!(),
    "\
local epoch, since = tonumber(table.remove(ARGV, 1)), tonumber(table.remove(ARGV, 1))
return none_since(KEYS[1], epoch, since, ARGV) and 1 or 0"
);
const LOG: &str = concat!(log!("1"), "return 1");

/// Stores the value and gives the lease back, if it is still ours.
const FILL: &str = "\
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1";

/// Gives the lease back, if it is still ours.
const RELEASE: &str = "\
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
return 1";

/// Makes leases last that are still their tokens'; counts them. One that is gone stays gone.
const RENEW: &str = "\
local renewed = 0
for i = 1, #KEYS do
  if redis.pcall('GET', KEYS[i]) == ARGV[i + 1] then
    renewed = renewed + redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
end
return renewed";

/// Removes values and voids their leases; counts the values. ARGV are those of KEYS that are tags;
/// where there are any, the log stands behind KEYS.
const REMOVE: &str = concat!(
    log!("1"),
    "\
local removed = 0
for i = 1, #KEYS, 2 do
  removed = removed + redis.call('UNLINK', KEYS[i])
  redis.call('UNLINK', KEYS[i + 1])
end
return removed"
);

/// Replaces the second part of tokens by ARGV[1], of those that are there; counts them. Behind it in
/// ARGV stand the tags once more, and behind KEYS the log. It asks for nothing that a cached function
/// does not need: that one may not be asked for would look like a tag that is not there.
const SOFTEN: &str = concat!(
    log!("2"),
    "\
local softened = 0
for i = 1, #KEYS do
  local own = redis.pcall('GET', KEYS[i])
  if type(own) == 'string' and #own == 24 then
    redis.call('SETRANGE', KEYS[i], 16, ARGV[1])
    softened = softened + 1
  end
end
return softened"
);

/// The scripts with their hashes.
pub(super) struct Scripts {
    pub(super) read: Hashed,
    pub(super) read_tagged: Hashed,
    pub(super) acquire: Hashed,
    pub(super) acquire_above: Hashed,
    pub(super) acquire_tagged: Hashed,
    pub(super) discard: Hashed,
    pub(super) end: Hashed,
    pub(super) fill: Hashed,
    pub(super) log: Hashed,
    pub(super) mark: Hashed,
    pub(super) none_since: Hashed,
    pub(super) release: Hashed,
    pub(super) renew: Hashed,
    pub(super) remove: Hashed,
    pub(super) seed: Hashed,
    pub(super) seed_own: Hashed,
    pub(super) soften: Hashed,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            read: Hashed::new(READ),
            read_tagged: Hashed::new(READ_TAGGED),
            acquire: Hashed::new(ACQUIRE),
            acquire_above: Hashed::new(ACQUIRE_ABOVE),
            acquire_tagged: Hashed::new(ACQUIRE_TAGGED),
            discard: Hashed::new(DISCARD),
            end: Hashed::new(END),
            fill: Hashed::new(FILL),
            log: Hashed::new(LOG),
            mark: Hashed::new(MARK),
            none_since: Hashed::new(NONE_SINCE),
            release: Hashed::new(RELEASE),
            renew: Hashed::new(RENEW),
            remove: Hashed::new(REMOVE),
            seed: Hashed::new(SEED),
            seed_own: Hashed::new(SEED_OWN),
            soften: Hashed::new(SOFTEN),
        }
    }
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripts")
    }
}
