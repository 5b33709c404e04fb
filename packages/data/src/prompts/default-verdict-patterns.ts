import { escape } from './data-text.js';
import { fill } from './slots.js';

const THING = '(?:movie|film|picture|show|series|book|novel|item|product|title|one|song|album|track|game|recommendation|{noun})';
/** The target, spoken of as such: it, this movie, the target, the film (with nothing behind that would name another). */
const TARGET = `(?:it\\b(?! when| if| that)|(?:this|the (?:target|recommended|new|next|given))(?: ${THING})\\b|(?:this|that|the ${THING}|the target)(?=\\s*(?:[.,;:!?]|$|because|since|as\\b|due|and\\b|so\\b)))`;
/** The target as the subject of a sentence. */
const IT = `\\b(?:it|(?:this|that|the)(?: (?:target|recommended|particular))?(?: ${THING}| target)|this|that)`;
const USER = `(?:they|he|she|i|you|we|(?:the|this|that|our) (?:user|viewer|person|reader|customer|individual|listener))`;
const WHOM = `(?:them|him|her|(?:the|this) (?:user|viewer|person|reader|customer|individual|listener))`;
const WHOSE = `(?:their|his|her|(?:the|this) (?:user|viewer|person|reader|customer|individual|listener)['’]?s?)`;
const MODAL = `(?:\\b(?:would|will|might|may|should|could)(?:n['’]t)?|['’](?:d|ll)|\\bwon['’]?t|\\b(?:going|(?:un)?likely|bound|sure|certain|inclined|supposed|not want|n['’]t want|want|wants|refuse|refuses) to|\\bprobably|\\bdefinitely|\\bcertainly|\\bsurely)`;
const ADVERB = `(?:(?:not|never|n['’]t|also|still|really|even|most|very|quite|likely|just|rather|much|indeed|almost|always|\\w+ly) ){0,3}`;
const LIKE = `(?:choose|pick|select|like|love|enjoy|appreciate|adore|watch|see|want|prefer|buy|read|hate|dislike|detest|loathe|avoid|skip|reject|pass|click|rate|give|finish|try|go for|consider|regret|turn (?:it )?(?:off|down)|opt|{choose}|{like})`;
const LIKES = `(?:choos\\w+|chose|pick\\w*|select\\w*|lik(?:e[sd]?|ing)|lov(?:e[sd]?|ing)|enjoy\\w*|appreciat\\w+|ador\\w+|watch\\w*|want\\w*|prefer\\w*|hat(?:e[sd]?|ing)|dislik\\w+|detest\\w*|loath\\w+|avoid\\w*|skip\\w*|reject\\w*|pass(?:es|ed|ing)? on|rat(?:e[sd]?|ing)|giv(?:e[sn]?|ing)|gave|buy\\w*|bought|reads?|finish\\w*|stand|fan of|{didLike}|{didDislike})`;
const LIKED = `(?:chosen|picked|selected|liked|loved|enjoyed|appreciated|adored|watched|preferred|hated|disliked|detested|avoided|skipped|rejected|{didLike})`;

/**
 * Patterns of sentences that state the outcome, in English: a prediction about choosing or liking, a statement that the target is
 * liked, an answer, a recommendation, a fit, a chance, a score.
 *
 * A future or conditional of liking counts whatever its object ("they would enjoy a good comedy" says as much about the target);
 * the present and past only with the target as object ("they like this movie", not "they like dark thrillers").
 * Slots stand for the words of a dataset: what its items are called, and what users do with them.
 */
export const verdictPatterns: readonly string[] = [
  // They would (not) love ..., they'd have enjoyed ..., they are unlikely to watch ..., so the user will dislike
  `${MODAL} ${ADVERB}(?:${LIKE}\\b|have ${ADVERB}${LIKED}\\b|be (?:liked|loved|enjoyed|chosen|picked|hated|disliked|watched|avoided|skipped|rejected)\\b)`,
  // It would be a hit, they'll be bored, they won't be interested
  `(?:\\b(?:would|will|might|may|should|could)(?:n['’]t)?|['’](?:d|ll)|\\bwon['’]?t) ${ADVERB}(?:be (?:an? |something |of |to )?${ADVERB}(?:interest|drawn|bor|disappoint|happ|pleas|satisf|delight|thrill|excit|fit|match|hit|miss|good|great|perfect|bad|poor|right|wrong|enjoy|appeal|for |up |into|a fan|unhapp|dissatisf|keen|eager|one )|appeal|resonate|satisfy|please|disappoint|bore|suit|fit|match|delight|entertain|work|land|hit)`,
  // They like it, he did not enjoy this movie, can't stand it, watch it
  `\\b${LIKES} (?:to (?:watch|see|choose|read|pick|buy) )?${TARGET}`,
  // Would they like it?
  `\\b(?:would|will|does|do|did|should) ${USER} ${ADVERB}${LIKE}\\b`,
  // They would. The user does not.
  `(?:^|[,:])\\W*(?:so |and |but )?${USER} (?:(?:probably|definitely|certainly|surely|likely) )?(?:would|will|does|do|did|might|may|should|could|wo|ca)(?:n['’]t| not|['’]t)?(?: too| indeed| so| not)?\\W*$`,
  // So they like / the user dislikes. (nothing behind)
  `(?:^|[,:]\\s*)\\W*(?:so|thus|therefore|hence|overall|conclusion|in (?:conclusion|short|summary|the end)|ultimately|finally|verdict)\\b.*\\b(?:likes?|liked|loves?|loved|dislikes?|disliked|hates?|hated|chooses?|chose|skips?|passe?s?)\\W*$`,
  `^\\W*(?:${USER} )?(?:(?:does|do|did)(?:n['’]t| not) )?(?:like|love|dislike|hate|enjoy|choose|skip|pass|avoid)[sd]?\\W*$`,
  `^\\W*(?:dis)?like[sd]?\\s*[:=]|^\\W*(?:label|class|rating|score|prediction|verdict|answer|output|result|recommendation)\\s*[:=-]`,
  // The answer is yes, so no, yes
  `\\b(?:answer|verdict|prediction|conclusion|decision|outcome|result|response|final (?:rating|score))\\b(?: here| then)?(?:['’]s| is| was| would be| will be| must be| should be)\\b`,
  `^\\W*(?:yes|no|yep|yeah|nope)\\b(?=\\W*$|\\s*[,:–—-]|\\s+${USER}\\b|\\s+(?:it|this|that|because|since)\\b)`,
  `(?:\\b(?:so|is|hence|thus|therefore|probably|definitely|clearly|maybe|say|says|definite|clear|firm|hard|strong|resounding|solid|a|would be)|[:,=–—-])\\s*,?\\s*["'‘“(]*(?:yes|no|yep|yeah|nope)\\b(?=\\W*$)`,
  `\\byes\\b`,
  // Recommendations
  `\\brecommend`,
  `\\b(?:worth (?:watching|reading|seeing|buying|trying|a |it\\b|${WHOSE} time)|must[- ](?:watch|see|read|have)|thumbs[- ](?:up|down)|waste of (?:time|money)|do not (?:bother|watch)|don['’]t (?:bother|watch))`,
  // Fits and matches
  `\\b(?:good|great|perfect|excellent|poor|bad|ideal|strong|weak|natural|solid|safe|right|wrong|nice|decent|terrible|suitable|best|clear|obvious|fine|likely|unlikely|top|close|easy) (?:fit|match|choice|pick|option|candidate|selection|suggestion|bet|hit|miss|pass|skip|win|sell)\\b`,
  `(?:\\bnot|n['’]t|\\bis|\\bbe|${IT}['’]s) (?:a |an )?(?:fit|match|mismatch|misfit|hit|miss|pass|no-go|winner|skip)\\b`,
  `${IT}(?:['’]s|\\s+(?:\\w+\\s+){0,2}?)(?:not )?(?:match(?:es)?|suits?|fits?|aligns?|goes|clash(?:es)?|contradicts?|conflicts?|in line|consistent|incompatible|compatible|suited|tailored|made)(?: well| perfectly| nicely| badly| in)?(?: with| against| to| for)? (?:${WHOSE} (?:\\w+ ){0,2}(?:tastes?|preferences?|interests?|profile|history|likes|liking|style)|${WHOM}|what ${USER} (?:like|want|enjoy|prefer)s?)(?=\\s*(?:[.,;!?]|$|because|since|as\\b|due|so\\b))`,
  `${IT}(?:['’]s|\\s+(?:is|was|seems|looks|sounds|feels))(?:n['’]t)? (?:\\w+ ){0,3}?(?:for ${WHOM}|${WHOSE} (?:thing|type|style|cup of tea|kind|sort|taste)|up ${WHOSE} alley|(?:un)?appealing|(?:un)?attractive|(?:un)?suitable|(?:ir)?relevant|of (?:no |little |great )?interest|(?:un)?interesting)\\b`,
  `${IT} (?:\\w+ly )?(?:does(?:n['’]t| not)|do(?:n['’]t| not)|did(?:n['’]t| not))? ?(?:\\w+ly )?(?:appeals?|interests?|attracts?|excites?|pleases?|bores?|satisf(?:y|ies)|disappoints?|speaks?)(?: to)? ${WHOM}`,
  `\\b(?:right|not|perfect|made|ideal|wrong|great|good|bad|meant|suitable|suited|unsuitable|designed) for ${WHOM}\\b`,
  `\\b(?:not |n['’]t |un|dis)?interest(?:ed)? in (?:watching |seeing |reading |choosing |buying )?${TARGET}`,
  `\\bfan of ${TARGET}`,
  // Chances and scores
  `\\b(?:un)?likely (?:to|that|not)\\b|\\bunlikely\\b|\\b(?:is|are|very|highly|quite|most|more|less|not) likely\\b(?! (?:an?|the|because)\\b)`,
  `\\b(?:chances?|probability|likelihood|odds) (?:of|that|is|are)\\b|\\b(?:high|low|good|slim|small|little|no|fair) (?:chance|probability|likelihood|odds)\\b|\\d\\s*(?:%|percent)`,
  `^\\W*\\d(?:\\.\\d)?\\s*(?:/|out of|stars?\\b)|\\b(?:positive|negative|favou?rable|unfavou?rable) (?:response|reaction|rating|review|outcome|experience|verdict)\\b`,
];

const NEUTRAL = { noun: 'item', choose: 'choose', like: 'like', didLike: 'liked', didDislike: 'disliked' };

/** The patterns in neutral words, as regular expressions. */
export const defaultVerdictPatterns: readonly string[] = verdictPatterns.map((pattern) =>
  fill(pattern, Object.fromEntries(Object.entries(NEUTRAL).map(([slot, word]) => [slot, escape(word)]))),
);
