"""What the central counter does, each step at once: Lua, run by Redis.

A counter is a hash. `g` is all that was ever granted, open leases included, and `r` what was given
back; what is in use is g - r. `l:<lease>` is "<amount>:<end, ms>" of an open lease, `x:<lease>` the
amount of one whose holder did not come back. `born` names the life of Redis that the counter was made
in, from a start or a loss of its data on; `f` says that it was filled in completely. `t` (ms) and `s`
are the moment that a check of the counter began, and what was granted and settled then; see
`leases-and-healing` in docs/decisions/0008-quota-leases.md.
"""

from __future__ import annotations

from events.redis import Script

# A server that was started anew may have missed what was allowed while it was away.
_RUN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
"""

# KEYS: limits, counter. ARGV: meter, seconds to keep the counter, the lease that is given back (or
# ""), what was spent of it, the new lease, what is needed now, what is wanted besides, how long the
# lease lasts (ms; a holder that has not come back for as long again counts as dead), the share of the
# room that one lease may take (1/n), how long after its beginning a check may be finished (ms).
TAKE = Script(
    _RUN
    + """
local limit = redis.call('HGET', KEYS[1], ARGV[1])
if not limit then return {'limits'} end
local value, hard = string.match(limit, '^(%d*):([01])')
local bound = hard == '1' and value ~= ''
local counter, fields = {}, redis.call('HGETALL', KEYS[2])
for i = 1, #fields, 2 do counter[fields[i]] = fields[i + 1] end
if not counter.f or string.sub(counter.born, 1, #run) ~= run then return {'counter', limit} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gross, given_back = tonumber(counter.g), tonumber(counter.r)
local open, lost = 0, 0
for field, text in pairs(counter) do
  local kind, lease = string.sub(field, 1, 2), string.sub(field, 3)
  if kind == 'l:' or kind == 'x:' then
    local amount, ends = string.match(text, '^(%d+):?(%d*)$')
    if lease == ARGV[3] then
      local rest = tonumber(amount) - tonumber(ARGV[4])
      gross = gross - rest
      if kind == 'x:' and counter.s then redis.call('HINCRBY', KEYS[2], 's', -rest) end
      redis.call('HDEL', KEYS[2], field)
    elseif kind == 'x:' then
      lost = lost + 1
    elseif now > tonumber(ends) + tonumber(ARGV[8]) then
      lost = lost + 1
      redis.call('HDEL', KEYS[2], field)
      redis.call('HSET', KEYS[2], 'x:' .. lease, amount)
    else
      open = open + tonumber(amount)
    end
  end
end

local need, chunk, refused = tonumber(ARGV[6]), tonumber(ARGV[7]), false
if bound then
  local room = tonumber(value) - (gross - given_back)
  refused = need > 0 and need > room
  chunk = math.max(0, math.min(chunk, math.floor((room - need) / tonumber(ARGV[9]))))
end
if refused then need, chunk = 0, 0 end
gross = gross + need + chunk
if chunk > 0 then
  redis.call('HSET', KEYS[2], 'l:' .. ARGV[5], string.format('%d:%d', chunk, now + ARGV[8]))
end
redis.call('HSET', KEYS[2], 'g', string.format('%d', gross))
redis.call('EXPIRE', KEYS[2], ARGV[2])

local check = ''
if refused or lost > 0 then
  if not counter.t then
    local settled = string.format('%d', gross - open - chunk)
    redis.call('HSET', KEYS[2], 't', string.format('%d', now), 's', settled)
  elseif now - tonumber(counter.t) >= tonumber(ARGV[10]) then
    check = counter.t
  end
end
local used = gross - given_back - chunk
if not refused then used = used - open end
return {refused and 'refused' or 'taken', used, limit, chunk, check}
"""
)

# KEYS: counter. ARGV: pairs of a lease and what was spent of it. One that is unknown was lost with
# its counter, or a check has taken it into account.
SETTLE = Script(
    """
for i = 1, #ARGV, 2 do
  local amount = redis.call('HGET', KEYS[1], 'l:' .. ARGV[i])
  if amount then
    amount = string.match(amount, '^%d+')
  else
    amount = redis.call('HGET', KEYS[1], 'x:' .. ARGV[i])
    if amount and redis.call('HEXISTS', KEYS[1], 's') == 1 then
      redis.call('HINCRBY', KEYS[1], 's', ARGV[i + 1] - amount)
    end
  end
  if amount then
    redis.call('HINCRBY', KEYS[1], 'g', ARGV[i + 1] - amount)
    redis.call('HDEL', KEYS[1], 'l:' .. ARGV[i], 'x:' .. ARGV[i])
  end
end
""",
    when_full=True,
)

# KEYS: counter. ARGV: amount. Without a counter there is nothing to give back to.
GIVE_BACK = Script(
    """
local counter = redis.call('HMGET', KEYS[1], 'f', 'g', 'r')
if not counter[1] then return end
local used = math.max(tonumber(counter[2]) - tonumber(counter[3]), 0)
redis.call('HINCRBY', KEYS[1], 'r', string.format('%d', math.min(tonumber(ARGV[1]), used)))
""",
    when_full=True,
)

# KEYS: counter. ARGV: for how long nobody may fill it (ms). What was allowed without it, it does not
# know; meanwhile the leases that were taken of it end, and what others allowed is recorded.
DOUBT = Script(
    """
if redis.call('HEXISTS', KEYS[1], 'w') == 1 then return end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'w', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
""",
    when_full=True,
)

# KEYS: counter. ARGV: the life of Redis, what is used, seconds until it must be confirmed. Returns for
# how long (ms) it must not be filled yet.
BEGIN = Script("""
local known = redis.call('HMGET', KEYS[1], 'f', 'born', 'w')
if known[3] then return redis.call('PTTL', KEYS[1]) end
if known[1] and known[2] == ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'born', ARGV[1], 'g', ARGV[2], 'r', '0')
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0
""")

# KEYS: counter. ARGV: the life of Redis, seconds to keep the counter.
CONFIRM = Script(
    """
if redis.call('HGET', KEYS[1], 'born') ~= ARGV[1] then return 0 end
redis.call('HSETNX', KEYS[1], 'f', '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
""",
    when_full=True,
)

# KEYS: counter. ARGV: the check that is finished, what the log says is used. Only ever lowers: what
# was granted since the check began is added, also where the log knows it already.
CORRECT = Script(
    """
local counter, fields = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do counter[fields[i]] = fields[i + 1] end
if counter.t ~= ARGV[1] then return 0 end
local gross, given_back = tonumber(counter.g), tonumber(counter.r)
local known = tonumber(ARGV[2]) + gross - tonumber(counter.s)
local too_much = gross - given_back - known
if too_much > 0 then redis.call('HINCRBY', KEYS[1], 'g', string.format('%d', -too_much)) end
for field in pairs(counter) do
  if string.sub(field, 1, 2) == 'x:' then redis.call('HDEL', KEYS[1], field) end
end
redis.call('HDEL', KEYS[1], 't', 's')
return math.max(too_much, 0)
""",
    when_full=True,
)

# KEYS: the marker, "<run id of the server>:<ms>". Returns it, and how long this life is known (ms).
LIFE = Script(
    _RUN
    + """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local born = redis.call('GET', KEYS[1])
if not born or string.sub(born, 1, #run) ~= run then
  born = string.format('%s:%d', run, now)
  redis.call('SET', KEYS[1], born)
end
return {born, now - tonumber(string.match(born, ':(%d+)$'))}
""",
    when_full=True,
)

# KEYS: limits. ARGV: seconds to keep, then meter and limit in turn. Never overwrites.
FILL_LIMITS = Script("""
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
""")
