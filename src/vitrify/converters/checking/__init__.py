"""What converters of every library check alike; no library is imported here.

`values` (types, ranges and memory of fields), `claims` (turning a failed requirement into an error of ours), `reach`
(how much a file may ask to be looked at).
"""
