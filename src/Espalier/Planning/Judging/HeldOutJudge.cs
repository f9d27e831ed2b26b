using System.Globalization;
using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Tensors;

namespace Espalier.Planning.Judging;

/// <summary>The planner and its baselines on a study: planned with some seeds, judged by the others.</summary>
/// <param name="Seeds">With which each plan is made; the others judge.</param>
public sealed record Judgement(
    IReadOnlyList<Budget> Budgets,
    int Seeds,
    int Held,
    IReadOnlyList<WayOfPlanning> Ways,
    IReadOnlyList<Calibration> Calibrations,
    IReadOnlyList<Verdict> Verdicts
);

/// <summary>
/// Every seed in turn begins a window of seeds to plan with, and all others judge: the means over them say what an answer
/// gives and what would have been best.
/// </summary>
public sealed class HeldOutJudge(RecordedTrials trials, Rng rng)
{
    const int MostSeeds = 3;
    const int Budgets = 10;

    // Of luck alone: so many draws of what is chosen at random.
    const int Draws = 5;

    // A grid of times from a little above the fastest pipeline to half of the original's.
    const double Above = 1.2;
    const double Below = 0.5;

    const string Planner = "plan, the default",
        PlannerOfOne = "plan, one seed",
        PlannerOfAll = "plan, every seed in every round";

    /// <param name="budgets">A grid of times where there is none.</param>
    /// <exception cref="InvalidDataException">There is one seed.</exception>
    public Judgement Judge(IReadOnlyList<Budget> budgets)
    {
        int seeds = Math.Min(MostSeeds, trials.Seeds.Count - 1);
        if (seeds < 1)
        {
            throw new InvalidDataException(
                $"There is only seed {trials.Seeds[0]}; to plan with one and judge with another, two at least are needed."
            );
        }

        if (budgets.Count == 0)
        {
            budgets = Grid();
        }

        ulong[][] windows =
        [
            .. trials.Seeds.Select(
                (_, i) =>
                    Enumerable
                        .Range(i, seeds)
                        .Select(j => trials.Seeds[j % trials.Seeds.Count])
                        .ToArray()
            ),
        ];
        Case[] cases =
        [
            .. windows
                .SelectMany(w => budgets.Select(b => (Window: w, Budget: b)))
                .AsParallel()
                .AsOrdered()
                .Select(c => new Case(trials, c.Budget, c.Window, rng)),
        ];
        Verdict[] verdicts = [.. cases.SelectMany(c => c.Verdicts)];
        return new Judgement(
            budgets,
            seeds,
            trials.Seeds.Count - seeds,
            [.. verdicts.GroupBy(v => v.Way).Select(g => WayOfPlanning.Of(g.Key, [.. g]))],
            [
                .. cases
                    .SelectMany(c => c.Said)
                    .GroupBy(s => s.What)
                    .Select(g => Calibration.Of(g.Key, [.. g.Select(s => s.Case)])),
            ],
            verdicts
        );
    }

    Budget[] Grid()
    {
        double[] times =
        [
            .. Alternatives.Of(trials.All).Select(a => a.Milliseconds?.Value).OfType<double>(),
        ];
        if (times.Length == 0)
        {
            throw new InvalidDataException(
                "No measurement has a time, so there is no budget of milliseconds to judge by; give a budget."
            );
        }

        double from = Above * times.Min(),
            to = Math.Max(from, Below * times.Max());
        return
        [
            .. Enumerable
                .Range(0, Budgets)
                .Select(i => from * Math.Pow(to / from, i / (Budgets - 1.0)))
                .Select(ms =>
                    Numeral.TryReal(ms.ToString("G2", CultureInfo.InvariantCulture), out double two)
                        ? new Budget(two)
                        : new Budget(ms)
                )
                .Distinct(),
        ];
    }

    /// <summary>One budget planned with one window of seeds.</summary>
    sealed class Case
    {
        readonly RecordedTrials _trials;
        readonly Budget _budget;
        readonly ulong[] _window;
        readonly ulong[] _held;
        readonly Dictionary<Contender, Alternative> _means;
        readonly Alternative? _best;
        readonly List<Verdict> _verdicts = [];
        readonly List<(string, (double, bool))> _said = [];

        public Case(RecordedTrials trials, Budget budget, ulong[] window, Rng rng)
        {
            (_trials, _budget, _window) = (trials, budget, window);
            _held = [.. trials.Seeds.Except(window)];
            IReadOnlyList<Alternative> means = Alternatives.Of(
                trials.Try(trials.Space.Pipelines, _held).Measurements
            );
            _means = means.ToDictionary(a => new Contender(a.Pipeline, a.Effort));
            _best = budget.Answer(means).Best;
            Run(rng.Split($"{budget} {string.Join(' ', window)}"));
        }

        public IReadOnlyList<Verdict> Verdicts => _verdicts;
        public IReadOnlyList<(string What, (double Said, bool Held) Case)> Said => _said;

        void Run(Rng rng)
        {
            Rng chance = new Rng(_window[0]).Split("plan");
            PlanResult one = new PlanSearch(_trials.Space, _budget, chance).Run(p =>
                    _trials.Try(p, [_window[0]])
                ),
                plan = _window.Length == 1
                    ? one
                    : new PlanConfirmation(chance.Split("confirm")).Run(
                        one,
                        p => _trials.Try(p, _window[1..])
                    );
            Attempt alone = Planned(one),
                confirmed = Planned(plan);
            Baselines baselines = new(_trials, _budget, _window);
            IReadOnlyList<string> product = baselines.ProductRule(alone.Trials);
            Add(PlannerOfOne, alone);
            Add("product rule, one seed", baselines.OfOneSeed(product));
            for (ulong draw = 0; draw < Draws; draw++)
            {
                Add(
                    "random, one seed",
                    baselines.OfOneSeed(baselines.Random(alone.Trials, rng.Split(draw)))
                );
            }

            Tell("one seed", one);
            if (_window.Length == 1)
            {
                return;
            }

            Add(Planner, confirmed);
            Add("product rule, with a final", baselines.WithFinal(product));
            for (ulong draw = 0; draw < Draws; draw++)
            {
                Add(
                    "random, with a final",
                    baselines.WithFinal(baselines.Random(alone.Trials, rng.Split(draw)))
                );
                Add(
                    "successive halving",
                    baselines.SuccessiveHalving(confirmed.Trials, rng.Split(draw))
                );
            }

            Add(
                PlannerOfAll,
                Planned(
                    new PlanSearch(_trials.Space, _budget, chance).Run(p => _trials.Try(p, _window))
                )
            );
            Tell("the default", plan);
        }

        static Attempt Planned(PlanResult result) =>
            new(
                result.Chosen,
                result.Measurements.Select(m => (m.Pipeline, m.Seeds[0])).Distinct().Count(),
                result
                    .Measurements.GroupBy(m => m.Seeds[0])
                    .Sum(g => Trainings.Of(g.Select(m => m.Pipeline).Distinct()).Count)
            );

        void Add(string way, Attempt attempt)
        {
            // What does best on the held-out seeds has their luck with it: every way is short of that a little.
            Alternative own = _means[new Contender(attempt.Chosen.Pipeline, attempt.Chosen.Effort)];
            double excess = _budget.Violations(own).Select(v => v.Excess).DefaultIfEmpty(0).Max();
            Preference wish = _budget.Preferred;
            double? apart =
                own.Figure(wish)?.Value is { } figure && _best?.Figure(wish)?.Value is { } best
                    ? wish.Behind(own.Metric, figure, best)
                    : null;
            _verdicts.Add(
                new Verdict(way, _window, _held, attempt, excess > 0 ? null : apart, excess)
            );
        }

        void Tell(string of, PlanResult result)
        {
            Alternative chosen = result.Chosen;
            Outlook outlook = Outlook.Of(result.Measurements, chosen, _budget);
            Contender[] untried =
            [
                .. _trials.Space.Contenders.Where(c => !result.Tried.Contains(c.Pipeline)),
            ];
            IReadOnlyList<Alternative> predicted = new Surface(
                result.Measurements,
                _trials.Space.Contenders,
                _budget.Deciding()
            ).Predict(untried);
            foreach (ulong seed in _held)
            {
                Dictionary<Contender, Alternative> there = Alternatives
                    .Of(_trials.Try(_trials.Space.Pipelines, [seed]).Measurements)
                    .ToDictionary(a => new Contender(a.Pipeline, a.Effort));
                Alternative own = there[new Contender(chosen.Pipeline, chosen.Effort)];
                Say(
                    $"answer of {of}: time expected of another training",
                    Calibration.Covers(outlook.Expected.Milliseconds, own.Milliseconds)
                );
                Say(
                    $"answer of {of}: quality expected of another training",
                    Calibration.Covers(outlook.Expected.Quality, own.Quality)
                );
                Say(
                    $"answer of {of}: interval of its time as measured",
                    Calibration.Covers(chosen.Milliseconds, own.Milliseconds)
                );
                Say(
                    $"answer of {of}: the budget is kept, said to be {(outlook.ChanceKept >= Sure ? "sure (90 % or more)" : "less sure")}",
                    (outlook.ChanceKept, _budget.Violations(own).Count == 0)
                );
                foreach (Alternative p in predicted)
                {
                    Alternative measured = there[new Contender(p.Pipeline, p.Effort)];
                    Say(
                        $"untried by {of}: predicted time",
                        Calibration.Covers(p.Milliseconds, measured.Milliseconds)
                    );
                    Say(
                        $"untried by {of}: predicted quality",
                        Calibration.Covers(p.Quality, measured.Quality)
                    );
                }
            }
        }

        const double Sure = 0.9;

        void Say(string what, (double Said, bool Held)? known)
        {
            if (known is { } one)
            {
                _said.Add((what, one));
            }
        }
    }
}
