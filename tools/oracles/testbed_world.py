"""An independent reading of the testbed's world of meanings, in numpy.

usage: testbed_world.py                 needs numpy
  Writes packages/testbed/test/fixtures/expected-tastes.json: what each attribute value means, and histories with the tastes that they let
  one expect. They are found twice, as the mode of the posterior over the tastes themselves (Newton's method with halved steps) and in the
  space of rows (iterated reweighted least squares), and both must agree.
usage: testbed_world.py FOLDER ...      needs numpy, scipy, scikit-learn and pyarrow
  Reads folders that writeTestbed wrote of worlds with meanings, and holds them to what a world is said to be: the logit of the Bayes
  probability less the contributions is one bias a user and one quality an item; contributions are a field's weight times one taste a user
  and value; labels are draws; tastes within a meaning differ by whims. Then prints, for each, the areas under the curve that predictors
  reach which are given what an ideal writer could say (`npm run experiment -- fair-world --python PYTHON` writes such folders, and has the
  same table). Exit status 1 where a world is not as it should be, or where, on average, graded claims beside the counts are not above the
  verdict beside the counts, or that not above the reader alone and the counts alone.
"""
import json
import pathlib
import sys

import numpy

# By meaning, the words of each field: genre, theme, tone, setting, hero; kind, goal, mood, place, role.
STORIES = [
    ['horror noir', 'death madness', 'grim', 'prison graveyard', 'ghost'],
    ['romance melodrama', 'love longing', 'tender', 'ballroom garden', 'bride'],
    ['comedy farce', 'mischief', 'witty silly', 'circus', 'clown trickster'],
    ['adventure western', 'quest', 'bold restless', 'jungle', 'explorer pirate'],
    ['war thriller', 'revenge', 'brutal furious', 'battlefield', 'soldier assassin'],
    ['fantasy', 'magic prophecy', 'dreamy enchanted', 'castle', 'wizard dragon'],
    ['mystery', 'deception secrets', 'cerebral', 'laboratory library', 'detective'],
    ['pastoral', 'family homecoming', 'cozy', 'village farm', 'grandmother'],
]
GAMES = [
    ['survival haunting', 'exorcism decay', 'creepy', 'crypt asylum', 'vampire'],
    ['dating matchmaking', 'courtship devotion', 'affectionate', 'chapel lagoon', 'suitor'],
    ['party charades', 'pranks', 'goofy absurd', 'carnival', 'jester prankster'],
    ['exploration racing', 'treasure', 'wild breathless', 'ocean', 'captain nomad'],
    ['shooter wargame', 'conquest', 'ruthless explosive', 'trenches', 'gladiator sniper'],
    ['roleplaying', 'sorcery summoning', 'mystical magical', 'kingdom', 'sorcerer unicorn'],
    ['puzzle', 'deduction invention', 'clever', 'observatory archive', 'engineer'],
    ['farming', 'cooking gardening', 'calm', 'orchard cottage', 'gardener'],
]
FIELDS = 5
KINSHIP, WHIM, MEANING_DEVIATION = 0.95, 1.2, 1.35
PLATFORM = [1.8, 0.4, 1.6, 0.3, 0.8]


def words_of(domain):
    """Words in the order of their codes, and the meaning and field of each."""
    coded = [(word, meaning, field) for field in range(FIELDS) for meaning, row in enumerate(domain) for word in row[field].split()]
    return [word for word, _, _ in coded], numpy.array([m for _, m, _ in coded]), numpy.array([f for _, _, f in coded])


WORDS, MEANING, FIELD = words_of(STORIES)
SAME = MEANING[:, None] == MEANING[None]
PRIOR = KINSHIP**2 * MEANING_DEVIATION**2 * SAME + (1 - KINSHIP**2) * WHIM**2 * numpy.eye(len(MEANING))


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def design(values, weights):
    """[rows, values] what each taste counts in the logit of each row."""
    x = numpy.zeros((len(values), len(MEANING)))
    for row, own in enumerate(values):
        x[row, own] += weights
    return x


def tastes_by_rows(x, labels, steps=200):
    """The Laplace approximation in the space of rows, to convergence."""
    gram = x @ PRIOR @ x.T
    logits = numpy.zeros(len(labels))
    for _ in range(steps):
        p = sigmoid(logits)
        curvature = numpy.clip(p * (1 - p), 1e-4, None)
        target = logits + (labels - p) / curvature
        alpha = numpy.linalg.solve(gram + numpy.diag(1 / curvature), target)
        change = numpy.abs(gram @ alpha - logits).max()
        logits = gram @ alpha
        if change < 1e-13:
            break
    return PRIOR @ x.T @ alpha


def tastes_by_mode(x, labels):
    """The same from the posterior density of the tastes: maximized by Newton's method, whose step is halved until the density rises."""
    precision = numpy.linalg.inv(PRIOR)
    loss = lambda t: numpy.logaddexp(0, (1 - 2 * labels) * (x @ t)).sum() + t @ precision @ t / 2
    tastes = numpy.zeros(len(MEANING))
    for _ in range(200):
        p = sigmoid(x @ tastes)
        gradient = x.T @ (p - labels) + precision @ tastes
        step = numpy.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + precision, gradient)
        size = 1.0
        while size > 1e-6 and loss(tastes - size * step) > loss(tastes):
            size /= 2
        tastes = tastes - size * step
        if numpy.abs(step).max() < 1e-14:
            break
    return tastes


def fixture():
    rng = numpy.random.default_rng(11)
    item = lambda: [int(rng.choice(numpy.flatnonzero(FIELD == field))) for field in range(FIELDS)]
    cases = []
    for rows, weights, kind in [(1, [1] * 5, 'mixed'), (1, PLATFORM, 'mixed'), (6, [1] * 5, 'mixed'), (14, PLATFORM, 'likes'),
                                (25, [0.3, 1.6, 0.4, 1.8, 0.8], 'mixed'), (42, [1] * 5, 'mixed'), (40, PLATFORM, 'likes')]:
        values = [item() for _ in range(rows)]
        if rows > 3:
            values[2] = values[0]  # an item that comes twice
        labels = numpy.ones(rows) if kind == 'likes' else (rng.random(rows) < 0.5).astype(float)
        x = design(values, numpy.array(weights, float))
        tastes = tastes_by_mode(x, labels)
        gap = numpy.abs(tastes - tastes_by_rows(x, labels)).max()
        assert gap < 1e-9, f'the two ways differ by {gap}'
        cases.append({'values': values, 'labels': labels.astype(int).tolist(), 'fieldWeights': list(weights), 'tastes': [round(t, 12) for t in tastes.tolist()]})
    path = pathlib.Path(__file__).parents[2] / 'packages/testbed/test/fixtures/expected-tastes.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({'source': f'numpy {numpy.__version__}', 'meanings': MEANING.tolist(), 'cases': cases}) + '\n')


class World:
    """A written testbed, by rows: codes of values, labels, histories, and the truth."""

    def __init__(self, folder):
        import pyarrow

        self.folder = folder
        interactions, items, truth = (
            pyarrow.ipc.open_file(pathlib.Path(folder) / f'{name}.arrow').read_all().to_pydict() for name in ('interactions', 'items', 'truth')
        )
        fields = [name for name in items if name not in ('item_id', 'title', 'year', 'train_count')]
        names, meaning, _ = words_of(STORIES if 'genre' in fields else GAMES)
        assert (meaning == MEANING).all(), 'the domains differ in what their codes mean'
        code = {word: at for at, word in enumerate(names)}
        of_item = {item: [code[items[field][row][0]] for field in fields] for row, item in enumerate(items['item_id'])}
        self.user, self.item = interactions['user_id'], interactions['item_id']
        self.values = numpy.array([of_item[item] for item in self.item])
        self.label = numpy.array(interactions['label'])
        self.history = interactions['history']
        self.train = numpy.array([slice_ == 'ctr' for slice_ in interactions['slice']])
        self.test = numpy.array([split == 'test' for split in interactions['split']])
        self.bayes = numpy.array(truth['bayes_probability'])
        self.contributions = numpy.zeros(self.values.shape)
        for row, (own, parts) in enumerate(zip(truth['reason_value'], truth['reason_contribution'])):
            for word, part in zip(own, parts):
                self.contributions[row, list(self.values[row]).index(code[word])] = part
        spread = numpy.sqrt((self.contributions**2).mean(0))
        self.weights = numpy.array(sorted(PLATFORM))[numpy.argsort(numpy.argsort(spread))]
        self.spread = spread / self.weights


def check(world):
    """What a world is said to be, in figures; raises where it is not."""
    import scipy.sparse
    from scipy.sparse.linalg import lsqr

    users, items = ({name: at for at, name in enumerate(dict.fromkeys(column))} for column in (world.user, world.item))
    sure = (world.bayes > 0.01) & (world.bayes < 0.99)  # float32 has few digits left of a logit beyond
    rest = numpy.log(world.bayes / (1 - world.bayes)) - world.contributions.sum(1)
    rows = numpy.flatnonzero(sure)
    columns = numpy.array([[users[world.user[r]], len(users) + items[world.item[r]]] for r in rows])
    system = scipy.sparse.csr_matrix((numpy.ones(2 * len(rows)), (numpy.repeat(numpy.arange(len(rows)), 2), columns.ravel())))
    solution = lsqr(system, rest[rows], atol=1e-13, btol=1e-13, iter_lim=20_000)[0]
    residual = numpy.abs(system @ solution - rest[rows]).max()
    bias, quality = solution[: len(users)].std(), solution[len(users) :].std()

    tastes = {}
    for row, user in enumerate(world.user):
        for field, value in enumerate(world.values[row]):
            tastes.setdefault((user, value), []).append(world.contributions[row, field] / world.weights[field])
    inconstant = max(max(own) - min(own) for own in tastes.values())
    kin = {}
    for (user, value), own in tastes.items():
        kin.setdefault((user, MEANING[value]), []).append(own[0])
    degrees = sum(len(own) - 1 for own in kin.values())
    within = sum((len(own) - 1) * numpy.var(own, ddof=1) for own in kin.values() if len(own) > 1) / degrees
    deviate = (world.label - world.bayes).sum() / numpy.sqrt((world.bayes * (1 - world.bayes)).sum())
    bins = numpy.digitize(world.bayes, numpy.quantile(world.bayes, numpy.arange(0.1, 1, 0.1)))
    squares = sum(
        (world.label[bins == b] - world.bayes[bins == b]).sum() ** 2 / (world.bayes * (1 - world.bayes))[bins == b].sum() for b in range(10)
    )
    print(f'{world.folder}: logit less contributions is bias and quality within {residual:.1e} (deviations {bias:.2f}, {quality:.2f}); weights '
          f'{world.weights.tolist()}, spread of tastes by field {world.spread.round(2).tolist()}; one taste a user and value within {inconstant:.1e}; '
          f'variance within a meaning {within:.4f} (a whim has {(1 - KINSHIP**2) * WHIM**2:.4f}); labels less probabilities {deviate:+.2f} deviations, '
          f'chi-squared of ten bins {squares:.1f}')
    assert residual < 1e-3 and inconstant < 1e-4
    assert 0.3 < bias < 0.5 and 0.2 < quality < 0.4
    assert abs(within / ((1 - KINSHIP**2) * WHIM**2) - 1) < 0.1
    assert world.spread.max() / world.spread.min() < 1.2
    assert abs(deviate) < 4 and squares < 35  # one in 10,000 is above 35.6


def predictors(world):
    """Areas under the curve on the test rows, fitted on the CTR slice."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    rows = numpy.flatnonzero(world.train | world.test)
    test = world.test[rows]
    y = world.label[rows]
    counts, belief, both = [], [], []
    for row in rows:
        past = world.history[row]
        values, labels = world.values[past], world.label[past].astype(float)
        met = values == world.values[row][None]  # a value belongs to one field
        likes, dislikes = (met & (labels == 1)[:, None]).sum(0), (met & (labels == 0)[:, None]).sum(0)
        counts.append([*numpy.log((likes + 1) / (dislikes + 1)), *numpy.sqrt(likes), *numpy.sqrt(dislikes), labels.mean() if past else 0.5])
        for out, weights in ((belief, numpy.ones(FIELDS)), (both, world.weights)):
            expected = tastes_by_rows(design(values, weights), labels, 20) if past else numpy.zeros(len(MEANING))
            out.append(weights * expected[world.values[row]])
    counts, belief, both = map(numpy.array, (counts, belief, both))
    grades = numpy.sign(belief) * ((numpy.abs(belief) >= 0.35).astype(int) + (numpy.abs(belief) >= 1))
    one_hot = numpy.concatenate([grades, (grades[..., None] == numpy.arange(-2, 3)).reshape(len(y), -1)], 1)
    verdict = belief.sum(1, keepdims=True)

    def fitted(*columns):
        x = numpy.hstack(columns)
        mean, deviation = x[~test].mean(0), x[~test].std(0) + 1e-6
        model = LogisticRegression(C=0.3, max_iter=2000).fit((x[~test] - mean) / deviation, y[~test])
        return roc_auc_score(y[test], model.predict_proba((x[test] - mean) / deviation)[:, 1])

    area = lambda score: roc_auc_score(y[test], score[test])
    return {
        'CTR rows': int((~test).sum()),
        'test rows': int(test.sum()),
        'bayes': area(world.bayes[rows]),
        'counts': fitted(counts),
        'icl': area(verdict[:, 0]),
        'verdict_aug': fitted(counts, verdict),
        'signs_aug': fitted(counts, numpy.sign(grades)),
        'graded_aug': fitted(counts, one_hot),
        'both': area(both.sum(1)),
    }


def main(folders):
    if not folders:
        return fixture()
    tables = []
    for folder in folders:
        world = World(folder)
        check(world)
        tables.append(predictors(world))
    print('\n| world | ' + ' | '.join(tables[0]) + ' |\n|' + ' --- |' * (len(tables[0]) + 1))
    line = lambda name, table: print(f'| {name} | ' + ' | '.join(f'{v:.3f}' if v < 1 else f'{v:.0f}' for v in table.values()) + ' |')
    for folder, table in zip(folders, tables):
        line(pathlib.Path(folder).name, table)
    mean = {name: numpy.mean([table[name] for table in tables]) for name in tables[0]}
    line('mean', mean)
    assert mean['graded_aug'] > mean['verdict_aug'] > max(mean['icl'], mean['counts']), 'the order of the predictors is another one'


if __name__ == '__main__':
    main(sys.argv[1:])
