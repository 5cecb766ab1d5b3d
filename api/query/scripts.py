"""What a query asks of Redis in one step: Lua scripts, each with what it returns."""

MATCHING = """
local seen, found, named = {}, {}, {}
local function add(list, subject)
  if seen[subject] then return end
  seen[subject] = true
  local escaped = string.gsub(subject, '[%%:{}=%s]', function(c) return string.format('%%%02X', string.byte(c)) end)
  local state = redis.call('GET', ARGV[1] .. escaped)
  if state or list == named then list[#list + 1] = subject; list[#list + 1] = state or '' end
end
for i = 3, #ARGV, 3 do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', ARGV[i], ARGV[i + 1], ARGV[i + 2])) do
    add(found, string.match(member, ':(.*)'))
  end
end
if ARGV[2] == 'named' then
  for _, list in ipairs({found, named}) do
    local i = 2
    while i <= #list do
      for entity, id in string.gmatch(list[i], '"(%a+)_id":"([^"\\\\]+)"') do add(named, entity .. '/' .. id) end
      for ids in string.gmatch(list[i], '"contact_ids":%[([^%]]*)') do
        for id in string.gmatch(ids, '"([^"\\\\]+)"') do add(named, 'contact/' .. id) end
      end
      i = i + 2
    end
  end
end
return {found, named}
"""
"""The states of the records with a moment in any of some ranges, read at once; ids escaped as ``aggregators.tables`` does.

Where it is asked for, those of the records that they name, and so on, too (empty: there is none): as far as they can be told from
states that are not decoded, which leaves out ids that JSON escapes and names that only a ``changed`` tells.
"""

LATEST = """
local found = {}
for i, asked in ipairs(cmsgpack.unpack(ARGV[1])) do
  found[i] = redis.call('ZREVRANGEBYSCORE', asked[1], '(' .. asked[2], asked[3], 'LIMIT', 0, asked[4])
end
return found
"""
"""The latest members before an instant of many sorted sets, asked for at once as key, instant, earliest, most."""

SINCE = """
local touched = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[1], '+inf')
local found, ends = {touched}, cmsgpack.unpack(ARGV[3])
if #ends == 0 or #ends > ARGV[4] + 0 or #ends * #touched > 4 * ARGV[4] then return found end
for i, holder in ipairs(touched) do
  local kind, name = string.match(holder, '^([^:]*:?)(.*)$')
  name = string.gsub(name, '[%%:{}=%s]', function(c) return string.format('%%%02X', string.byte(c)) end)
  local keys = {}
  for j, ending in ipairs(ends) do keys[j] = ARGV[2] .. kind .. name .. ending end
  found[i + 1] = redis.call('MGET', unpack(keys))
end
return found
"""
"""Who was touched since an offset, and of each the rows whose keys end so, unless these are more than four times so many in all.

Ids escaped as ``aggregators.tables`` does.
"""
