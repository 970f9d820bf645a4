"""The columns of the DRAM rule's arrays by name, and the kinds of command.

The ``NEXT_`` fields stand at the same place for bank, bank group and rank, in the order of
`deltasim.simulator.dram.constraints.COMMANDS`: the first tick at which that command is legal as far as this
one is concerned. A bank has no refresh of its own. Ticks count periods of the command clock from zero.
"""

NEVER = 1 << 60  # a tick that never comes
NOBODY = -1

# bank, bank group and rank
NEXT_ACTIVATE, NEXT_READ, NEXT_WRITE, NEXT_PRECHARGE, NEXT_REFRESH = 0, 1, 2, 3, 4
BANK_COMMANDS, SHARED_FIELDS = 4, 5

# bank
OPEN_ROW = 4  # the row in the row buffer, or CLOSED, or CLOSING (closes by itself at NEXT_PRECHARGE)
CLOSED, CLOSING = -1, -2
HEAD, TAIL = 5, 6  # oldest and youngest waiting request
HIT = 7  # oldest waiting request for the open row
ACTIVATED_FOR = 8  # 1 until the request is served for which the row was opened
PLACES = 9  # 9, 10: where its column and row candidate stand in their lists, or NOBODY
BANK_RANK = 11
GROUP_SHARED, RANK_SHARED = 12, 13  # where `Memory.shared` has its group and its rank
BURSTS, BURSTS_END = 14, 15  # the first burst that a request waits for and one past the last, since none did
BANK_FIELDS = 16  # a row of a power of two is found by a shift

# candidate command of a bank, apart from what it shares with others; a channel lists columns and rows
COLUMN_CANDIDATES, ROW_CANDIDATES = 0, 1
READY = 0  # the tick from which the bank itself is ready
OF_GROUP, OF_RANK = 1, 2  # where `Memory.shared` has the first tick of its group and of its rank
OFF_BUS = 3  # 0, or -NEVER where it does not need the command bus
TICK = 4  # the first legal tick when `next_command` was last asked; of what starts the write clock
PRIORITY = 5  # less is earlier at one tick: class, then order of arrival
KIND = 6
BANK = 7  # the bank
CANDIDATE_FIELDS = 8
AGES = 1 << 48  # a priority is class * AGES + order

# rank
OLDEST_ACTIVATE = 0  # which of the last four activates is the oldest
ACTIVATES = 1  # 1..4: their ticks
BANKS_ACTIVATED_FOR = 5  # banks that are ACTIVATED_FOR
PENDING = 6  # requests of this rank that are not served
IDLE_FROM = 7  # the tick from which nothing is pending
OPEN_BANKS, OPEN_SINCE = 8, 9
TICKS_OPEN = 10  # ticks with a row open, powered down or not
TICKS_DOWN_OPEN, TICKS_DOWN_CLOSED = 11, 12  # ticks powered down
RANK_FIELDS = 13

# channel
NEXT_ROW_SLOT, NEXT_COLUMN_SLOT = 0, 1  # first free tick of the command bus
QUEUED = 2  # requests for which no row was opened yet, and those that share the burst of another
CANDIDATES = 3  # 3, 4: how many column and row candidates there are
SEQUENCE = 5  # requests so far
FREE_SLOT = 6  # first of the free slots
CLOCK_UNTIL = 7  # the write clock runs until then
REFRESH_DUE = 8  # when the next refresh is due
REFRESH_NUMBER = 9  # which it is
SECOND_HALF = 10  # the last tick for the second half of an activate, or 0 if none is to come
LISTS = 11  # 11, 12: where its column and its row candidates begin
BEST = 13  # 13, 14: the place of its first column and row candidate, NOBODY without any, or UNKNOWN
BEST_TICK, BEST_PRIORITY = 15, 17  # 15, 16 and 17, 18: of those
UNKNOWN = -2
CHANNEL_FIELDS = 19

# slot: requests of one row that came one after another, for burst after burst; all but COUNT and STEP are of
# the oldest still there
ROW, ARRIVAL, ORDER, IS_WRITE, TAG, AFTER, BEFORE, STARTED = 0, 1, 2, 3, 4, 5, 6, 7
COUNT, STEP = 8, 9  # how many, and ticks from one arrival to the next
BURST = 10  # the number of the burst in the memory
SHARING = 11  # first of the slots of reads that wait for bursts of this one, or NOBODY
SLOT_FIELDS = 12

# counts of a channel
ACTIVATED, PRECHARGED, READS, WRITES, REFRESHED, ROW_HITS, ROW_MISSES, ROW_CONFLICTS = 0, 1, 2, 3, 4, 5, 6, 7
SHARED_READS = 8  # reads that came with the burst of another
COUNT_FIELDS = 9

# note of a command, where there is room for notes: its tick, kind and target; of column commands how many and
# how far apart, of a power-down how many ticks; the row of an activate or read, the first bank of a set
NOTED_TICK, NOTED_KIND, NOTED_TARGET, NOTED_COUNT, NOTED_APART, NOTED_PLACE = 0, 1, 2, 3, 4, 5
NOTE_FIELDS = 6

# kinds of command; the target is a bank, for PRECHARGE_SET and REFRESH a rank
CLOSE = 0  # a row that closes by itself
COLUMN_ACTIVATED_FOR = 1  # read or write for the request for which the row was opened
COLUMN = 2  # read or write for any other
PRECHARGE_SET, REFRESH = 3, 4  # of the banks that are refreshed together
ACTIVATE, PRECHARGE = 5, 6
NOTHING = 7
DOWN = 8  # noted only: a rank was powered down

# classes, in their order at one tick; within one the older request is first
AT_ONCE, ACTIVATED_FOR_FIRST, REFRESH_FIRST, COLUMN_BUS, BY_AGE, NO_CLASS = 0, 1, 2, 3, 4, 5
