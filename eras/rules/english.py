"""A small English, written by hand in the manner of the time: a lexicon, and a grammar with features.

The lexicon is a list of entries, most useful first within its class; `words` turns it into rules for the words of
one sentence. What the grammar leaves out is most of English: coordination of anything but noun phrases and
sentences, comparison, adverbial clauses, direct speech, and whatever its author did not think of.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from eras.rules.features import FeatureRule, read_features
from eras.rules.morphology import Morphology

GRAMMAR = """
# sentences
S -> NP[case=nom, agr=?a, gap=no] VP[form=fin, agr=?a, gap=no]
S -> VP[form=base, gap=no]
S -> Adv S
S -> PP[gap=no] S
S -> S Conj S
S -> Aux[form=fin, takes=?f, agr=?a] NP[case=nom, agr=?a, gap=no] VP[form=?f, gap=no]
S -> Be[form=fin, agr=?a] NP[case=nom, agr=?a, gap=no] Pred[gap=no]
S -> Wh Aux[form=fin, takes=?f, agr=?a] NP[case=nom, agr=?a, gap=no] VP[form=?f, gap=np]
S -> There Be[form=fin, agr=?a] NP[agr=?a, gap=no]
# noun phrases
NP[case=?c, agr=?a, gap=no] -> Pron[case=?c, agr=?a]
NP[agr=3sg, gap=no] -> Name
NP[agr=?a, gap=no] -> Det[agr=?a] Nom[agr=?a]
NP[agr=pl, gap=no] -> Nom[agr=pl]
NP[agr=3sg, gap=no] -> Nom[agr=3sg, count=mass]
NP[agr=pl, gap=no] -> Num Nom[agr=pl]
NP[agr=pl, gap=no] -> Det[agr=pl] Num Nom[agr=pl]
NP[agr=?a, gap=no] -> NP[agr=?a, gap=no] PP[gap=no]
NP[agr=?a, gap=no] -> NP[agr=?a, gap=no] Rel[agr=?a]
NP[agr=pl, gap=no] -> NP[gap=no] Conj NP[gap=no]
NP[case=acc, gap=np] ->
Nom[agr=?a, count=?m] -> N[agr=?a, count=?m]
Nom[agr=?a, count=?m] -> A Nom[agr=?a, count=?m]
Nom[agr=?a, count=?m] -> N[agr=3sg] Nom[agr=?a, count=?m]
PP[gap=?g] -> P NP[case=acc, gap=?g]
Rel[agr=?a] -> RelPron VP[form=fin, agr=?a, gap=no]
Rel -> RelPron NP[case=nom, agr=?b, gap=no] VP[form=fin, agr=?b, gap=np]
# verb phrases
VP[form=?f, agr=?a, gap=?g] -> VP[form=?f, agr=?a, gap=?g] PP[gap=no]
VP[form=?f, agr=?a, gap=?g] -> VP[form=?f, agr=?a, gap=?g] Adv
VP[form=?f, agr=?a, gap=?g] -> Adv VP[form=?f, agr=?a, gap=?g]
VP[form=?f, agr=?a, gap=no] -> V[form=?f, agr=?a, takes=nothing]
VP[form=?f, agr=?a, gap=?g] -> V[form=?f, agr=?a, takes=np] NP[case=acc, gap=?g]
VP[form=?f, agr=?a, gap=?g] -> V[form=?f, agr=?a, takes=two] NP[case=acc, gap=no] NP[case=acc, gap=?g]
VP[form=?f, agr=?a, gap=?g] -> V[form=?f, agr=?a, takes=pp] PP[gap=?g]
VP[form=?f, agr=?a, gap=no] -> V[form=?f, agr=?a, takes=clause] S
VP[form=?f, agr=?a, gap=no] -> V[form=?f, agr=?a, takes=clause] That S
VP[form=?f, agr=?a, gap=?g] -> V[form=?f, agr=?a, takes=to] To VP[form=base, gap=?g]
VP[form=?f, agr=?a, gap=?g] -> V[form=?f, agr=?a, takes=npto] NP[case=acc, gap=no] To VP[form=base, gap=?g]
VP[form=?f, agr=?a, gap=no] -> V[form=?f, agr=?a, takes=adj] AP
VP[form=?f, agr=?a, gap=?g] -> Aux[form=?f, agr=?a, takes=?h] VP[form=?h, gap=?g]
VP[form=?f, agr=?a, gap=?g] -> Aux[form=?f, agr=?a, takes=?h] Not VP[form=?h, gap=?g]
VP[form=?f, agr=?a, gap=?g] -> Be[form=?f, agr=?a] Pred[gap=?g]
VP[form=?f, agr=?a, gap=?g] -> Be[form=?f, agr=?a] Not Pred[gap=?g]
Pred[gap=?g] -> NP[case=acc, gap=?g]
Pred[gap=?g] -> PP[gap=?g]
Pred[gap=no] -> AP
Pred[gap=no] -> AP PP[gap=no]
Pred[gap=?g] -> VP[form=ing, gap=?g]
Pred[gap=no] -> V[form=part, takes=np]
Pred[gap=no] -> V[form=part, takes=np] PP[gap=no]
Pred[gap=no] -> V[form=part, takes=np] Adv
Pred[gap=?g] -> To VP[form=base, gap=?g]
AP -> A
AP -> Deg A
AP -> A Conj A
"""

# Stems by class; ' stands before a stressed last syllable, ! after a noun that needs no determiner.
NOUNS = """
people! time man year world day way country government work! place number line page name value file text!
document table nation life! change function list type window dialog box cell set object field column row style
format index sheet chart menu icon button tab option command graphic image drawing database record query form
report whale sea ship boat captain hand head eye heart lord king queen father mother son daughter friend
brother sister woman child boy girl lady god heaven house door home! street city land water! fire! air! light!
night morning hour month week moment today! tomorrow! word thing matter question answer reason law right
power! force peace! war! tax budget deficit job business company worker family school teacher student college
education! health! care! help! insurance! energy! oil! money! economy security! freedom! defense! policy
program problem challenge plan idea action community citizen president congress state union member party
history future past part end side point case fact example result effect cause course order sense mind! soul
body blood! death! love! fear! hope! trust! faith! truth! justice! courage! strength! honor! duty spirit
pride! dream promise belief interest growth! trade! market product price cost dollar percent! rate income!
science! technology! research! space! medicine! disease drug crime! weapon enemy terrorist soldier army ally
border region system structure process method rule level degree group class kind sort piece pair size length
width height color background font character paragraph section chapter header footer title label caption
legend note footnote reference link address cursor mouse key keyboard bar toolbar slide shape arrow frame area
range edge corner circle square figure picture presentation spreadsheet formula operator condition expression
variable parameter argument macro library module code! data! source target property attribute setting default
mode view preview filter selection entry item element series sequence template wizard step task test error
message password user server network connection computer screen printer print information! content! version
language dictionary letter sentence term meaning use! access! sun moon star sky wind storm wave tree leaf
flower river mountain island stone wall ground! fish! bird horse dog cat lion wolf sword crown throne ring
book paper! pen chair bed room wood! gold! silver! bread! wine! meat! food! dinner supper noble villain fool
knight servant master prince duke nurse ghost witch wife husband cousin uncle mate crew sailor harpoon deck
mast sail rope oar leg arm foot tooth mouth ear face voice tongue finger hair! bone
"""
VERBS = """
make:np,npto take:np give:np,two get:np,adj,two see:np find:np,two know:np,clause,nothing
say:np,clause,nothing tell:np,two,npto think:clause,pp,nothing come:nothing,pp go:nothing,pp want:np,to,npto
use:np work:nothing,pp call:np ask:np,npto need:np,to feel:np,adj,clause be'come:np,adj leave:np,nothing
put:np mean:np,clause keep:np let:np be'gin:nothing,np,to seem:adj,to help:np,nothing,to,npto
show:np,two,clause hear:np,clause play:np,nothing run:np,nothing move:np,nothing live:nothing,pp
believe:np,clause hold:np bring:np,two happen:nothing write:np,nothing provide:np sit:nothing stand:nothing
lose:np,nothing pay:np,nothing,two meet:np,nothing include:np continue:np,nothing,to set:np
learn:np,to,nothing change:np,nothing lead:np,nothing understand:np,clause watch:np follow:np stop:np,nothing
create:np speak:nothing,np,pp read:np,nothing al'low:np,npto add:np,pp spend:np grow:nothing,np
open:np,nothing walk:nothing win:np,nothing offer:np,two re'member:np,clause love:np consider:np
appear:nothing,adj,to buy:np wait:nothing,pp serve:np die:nothing send:np,two expect:np,to,npto build:np
stay:nothing,adj fall:nothing cut:np reach:np kill:np re'main:adj,nothing suggest:np,clause raise:np
pass:np,nothing sell:np re'quire:np,npto decide:to,clause pull:np re'turn:np,nothing explain:np,clause
hope:clause,to,pp develop:np carry:np break:np,nothing re'ceive:np a'gree:nothing,to,clause support:np hit:np
produce:np eat:np,nothing cover:np catch:np draw:np choose:np,to cause:np point:nothing,pp listen:nothing,pp
enter:np select:np insert:np specify:np,clause define:np delete:np display:np click:np,pp,nothing press:np
apply:np,nothing save:np close:np,nothing print:np edit:np format:np copy:np replace:np re'move:np assign:np
contain:np convert:np calculate:np determine:np,clause enable:np disable:np start:np,nothing,to end:np,nothing
drag:np double:np type:np hide:np,nothing increase:np,nothing re'duce:np view:np search:np,nothing
exit:np,nothing update:np export:np sleep:nothing swear:np,clause,nothing fight:np,nothing marry:np
pray:nothing,np,clause fear:np,clause cry:nothing laugh:nothing,pp weep:nothing sing:np,nothing bear:np
strike:np,nothing throw:np rise:nothing look:nothing,adj,pp turn:np,nothing,adj sail:np,nothing swim:nothing
drown:np,nothing fly:np,nothing hunt:np,nothing try:np,to thank:np bless:np propose:np,clause protect:np
defend:np join:np,nothing share:np welcome:np honor:np ensure:np,clause fail:nothing,to succeed:nothing
plan:np,to fix:np invest:np,pp depend:pp belong:pp refer:pp correspond:pp consist:pp care:nothing,pp
deserve:np
"""
ADJECTIVES = """
new good great old young small large big long short high low strong weak free full empty hard soft easy simple
true false right wrong sure certain clear dark light black white red green blue golden early late first second
third last next same other own whole single double different special general common public private national
federal american human social economic political military foreign local open closed current available possible
necessary important ready happy sad proud brave honest noble gentle sweet fair fine poor rich dear dead alive
sick mad wise strange wild quiet quick slow fast near far deep wide thick thin warm cold hot dry wet clean
safe dangerous real main basic custom default automatic active visible hidden selected specified defined
horizontal vertical left top bottom upper lower previous following numeric complete correct direct equal
entire final former fresh grand holy huge innocent just kind loud mighty natural nuclear numerous original
perfect personal plain pleasant present pretty pure rare responsible sharp several sincere smooth sound such
sudden terrible tiny tired tall
"""
ADVERBS = """
not now then here there very never always often again still also well too just only even ever soon together
away back down up out off today tonight tomorrow yesterday already almost once forth home indeed perhaps
therefore thus however quickly slowly really truly automatically directly fully clearly currently usually only
first far long hard forward abroad alone yet else more less most better
"""
NAMES = """
America Congress Ahab Starbuck Stubb Flask Queequeg Pequod Ishmael Peleg Bildad Moby Dick Hamlet Horatio
Laertes Ophelia Polonius Macbeth Banquo Macduff Romeo Juliet Tybalt Mercutio Brutus Caesar Cassius Antony
Othello Iago Cassio Desdemona Portia Shylock Antonio Lear Kent Rosalind Orlando Celia Viola Olivia Orsino
LibreOffice Writer Calc Impress Draw Base Washington Iraq Iran China Russia Europe Rome Venice England France
God Heaven everything nothing something anything everyone somebody nobody Mr Madam
"""
IRREGULAR_NOUNS = """
man men woman women child children foot feet tooth teeth mouse mice wife wives life lives leaf leaves wolf
wolves people people fish fish percent percent index indices data data
"""
# base, past, participle
IRREGULAR_VERBS = """
make made made, take took taken, give gave given, get got gotten, see saw seen, find found found, know knew
known, say said said, tell told told, think thought thought, come came come, go went gone, feel felt felt,
begin began begun, become became become, leave left left, put put put, mean meant meant, keep kept kept, let
let let, show showed shown, hear heard heard, run ran run, hold held held, bring brought brought, write wrote
written, sit sat sat, stand stood stood, lose lost lost, pay paid paid, meet met met, set set set, lead led
led, cut cut cut, understand understood understood, speak spoke spoken, read read read, spend spent spent,
grow grew grown, win won won, buy bought bought, send sent sent, build built built, fall fell fallen, sell
sold sold, break broke broken, hit hit hit, eat ate eaten, catch caught caught, draw drew drawn, choose chose
chosen, hide hid hidden, sleep slept slept, swear swore sworn, fight fought fought, weep wept wept, sing sang
sung, bear bore borne, strike struck struck, throw threw thrown, rise rose risen, swim swam swum, fly flew
flown
"""
CLOSED = """
Det: the | a[agr=3sg] | an[agr=3sg] | this[agr=3sg] | that[agr=3sg] | these[agr=pl] | those[agr=pl] | my
Det: your | his
Det: her | its | our | their | thy | every[agr=3sg] | each[agr=3sg] | some | any | no | all[agr=pl]
Det: many[agr=pl]
Det: both[agr=pl] | another[agr=3sg] | few[agr=pl] | several[agr=pl] | more[agr=pl] | most[agr=pl]
Det: such[agr=pl]
Pron: I[case=nom, agr=1sg] | me[case=acc, agr=1sg] | he[case=nom, agr=3sg] | him[case=acc, agr=3sg]
Pron: she[case=nom, agr=3sg]
Pron: her[case=acc, agr=3sg] | it[agr=3sg] | we[case=nom, agr=pl] | us[case=acc, agr=pl] | you[agr=pl]
Pron: they[case=nom, agr=pl]
Pron: them[case=acc, agr=pl] | thou[case=nom, agr=2sg] | thee[case=acc, agr=2sg] | all[agr=pl] | this[agr=3sg]
Pron: that[agr=3sg]
Pron: these[agr=pl] | those[agr=pl] | one[agr=3sg] | myself[case=acc] | himself[case=acc]
Pron: themselves[case=acc] | mine
Num: two | three | four | five | six | seven | eight | nine | ten | hundred | thousand | million | billion
P: of | in | to | for | with | on | at | from | by | about | into | through | over | after | under | between
P: against
P: without | before | among | upon | within | across | behind | above | below | beyond | like | during | until
P: near | since
Conj: and | or | but
That: that
RelPron: that | which | who
Wh: what | who | whom
There: there
To: to
Not: not
Deg: very | so | too | as | more | most | quite
Aux: will[form=fin, takes=base] | would[form=fin, takes=base] | can[form=fin, takes=base]
Aux: could[form=fin, takes=base]
Aux: may[form=fin, takes=base] | might[form=fin, takes=base] | must[form=fin, takes=base]
Aux: shall[form=fin, takes=base]
Aux: should[form=fin, takes=base] | do[form=fin, takes=base, agr=pl] | do[form=fin, takes=base, agr=1sg]
Aux: cannot[form=fin, takes=base]
Aux: does[form=fin, takes=base, agr=3sg] | did[form=fin, takes=base] | has[form=fin, takes=part, agr=3sg]
Aux: have[form=base, takes=part]
Aux: have[form=fin, takes=part, agr=pl] | have[form=fin, takes=part, agr=1sg] | had[form=fin, takes=part]
Aux: do[form=base, takes=base]
Be: is[form=fin, agr=3sg] | are[form=fin, agr=pl] | am[form=fin, agr=1sg] | was[form=fin, agr=3sg]
Be: was[form=fin, agr=1sg]
Be: were[form=fin, agr=pl] | art[form=fin, agr=2sg] | be[form=base] | been[form=part] | being[form=ing]
V: has[form=fin, takes=np, agr=3sg] | have[form=fin, takes=np, agr=pl] | have[form=fin, takes=np, agr=1sg]
V: have[form=base, takes=np]
V: had[form=fin, takes=np] | had[form=part, takes=np] | having[form=ing, takes=np] | do[form=base, takes=np]
V: did[form=fin, takes=np]
V: does[form=fin, takes=np, agr=3sg] | do[form=fin, takes=np, agr=pl] | do[form=fin, takes=np, agr=1sg]
V: done[form=part, takes=np]
"""
# What a form of a verb, noun or adjective says about itself.
_FORMS = {
    "+BASE": [{"form": "base"}, {"form": "fin", "agr": "pl"}, {"form": "fin", "agr": "1sg"}],
    "+3SG": [{"form": "fin", "agr": "3sg"}],
    "+PAST": [{"form": "fin"}],
    "+PART": [{"form": "part"}],
    "+ING": [{"form": "ing"}],
    "+SG": [{"agr": "3sg"}],
    "+PL": [{"agr": "pl"}],
}


def stems() -> list[tuple[str, str]]:
    """(stem, class) of the open classes, for the morphology: nouns, verbs, adjectives."""
    nouns = [(noun.rstrip("!"), "+N") for noun in NOUNS.split()]
    verbs = [(verb.split(":")[0], "+V") for verb in VERBS.split()]
    return list(dict.fromkeys([*nouns, *verbs, *((adjective, "+A") for adjective in ADJECTIVES.split())]))


def irregular() -> dict[tuple[str, str, str], str]:
    """{(lemma, class, form): surface form} for what no spelling rule gives."""
    pairs = IRREGULAR_NOUNS.split()
    found = {(one, "+N", "+PL"): many for one, many in zip(pairs[::2], pairs[1::2], strict=True)}
    for verb in IRREGULAR_VERBS.split(","):
        base, past, participle = verb.split()
        found |= {(base, "+V", "+PAST"): past, (base, "+V", "+PART"): participle}
    return found | {
        ("go", "+V", "+3SG"): "goes",
        ("good", "+A", "+CMP"): "better",
        ("good", "+A", "+SUP"): "best",
    }


@lru_cache
def morphology() -> Morphology:
    """The transducer of this lexicon."""
    return Morphology(stems(), irregular())


@lru_cache
def _closed() -> dict[str, list[tuple[str, dict]]]:
    """Word -> (category, features) for names, adverbs and the words of the grammar."""
    found: dict[str, list] = {}
    for line in CLOSED.strip().splitlines():
        category, _, entries = line.partition(": ")
        for entry in entries.split(" | "):
            word, features = read_features(entry)
            found.setdefault(word.lower(), []).append((category, features))
    for category, words in (("Adv", ADVERBS), ("Name", NAMES)):
        for word in words.split():
            found.setdefault(word.lower(), []).append((category, {}))
    return found


@lru_cache
def _frames() -> dict[tuple[str, str], list[dict]]:
    """(lemma, class) -> what the lemma itself says, one dict for each way of using it."""
    found = {
        (noun.rstrip("!"), "+N"): [{"count": "mass" if "!" in noun else "yes"}] for noun in NOUNS.split()
    }
    for verb in VERBS.split():
        stem, _, frames = verb.partition(":")
        found[stem.replace("'", ""), "+V"] = [{"takes": frame} for frame in frames.split(",")]
    return found


@lru_cache(maxsize=100_000)
def lookup(word: str) -> tuple[tuple[str, dict], ...]:
    """All (category, features) of a word; none for one that the lexicon does not know."""
    found = list(_closed().get(word.lower(), ()))
    for analysis in sorted(morphology().analyse(word.lower())):
        lemma, kind, form = re.match(r"(.*)(\+\w)(\+\w+)", analysis).groups()
        for said in _frames().get((lemma, kind), [{}]):
            found += [(kind[1:], said | own) for own in _FORMS.get(form, [{}])]
    return tuple(found)


def lexical_rules(words: Sequence[str]) -> list[FeatureRule]:
    """A rule for each reading of each word."""
    return [
        ((category, features), (word,))
        for word in dict.fromkeys(words)
        for category, features in lookup(word)
    ]


def short_sentences(text: str, most: int = 12) -> list[tuple[str, ...]]:
    """The different sentences of 3 to `most` words in a text, no marks inside, the first letter small.

    A sentence ends with a full stop, a question or exclamation mark, or an empty line.
    """
    found = {}
    for part in re.split(r"\n\s*\n|(?<=[.!?])\s+", text.replace("’", "'")):
        words = re.findall(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\S", part)
        words = words[:-1] if words and words[-1] in ".!?" else words
        if 2 < len(words) <= most and all(word[0].isalpha() for word in words):
            first = words[0] if words[0] == "I" else words[0][0].lower() + words[0][1:]
            found[first, *words[1:]] = None
    return list(found)
