using Espalier.Analysis.Choosing;
using Espalier.Analysis.Cumulation;

namespace Espalier.Analysis.Search;

/// <summary>
/// By how much the time of D and E together is not the product of theirs (equation 4 of Xin et al. 2022), from the
/// measured curve of E and the measured students nearest in depth. Null until both were measured alone.
/// </summary>
sealed class StudentRule
{
    readonly LogRun[] _exits;
    readonly LogRun[] _students;

    StudentRule(LogRun[] exits, LogRun[] students) => (_exits, _students) = (exits, students);

    public static StudentRule? Of(IReadOnlyList<LogRun> runs)
    {
        LogRun[] exits = [.. runs.Where(r => Alone(r, 'E'))],
            students = [.. runs.Where(r => Alone(r, 'D'))];
        return exits.Length > 0 && students.Length > 0 ? new StudentRule(exits, students) : null;
    }

    /// <summary>To be added to the logarithm of the product.</summary>
    public double Offset(Preference figure, Contender contender)
    {
        OptionPlace[] places = OptionPlace.Of(contender);
        OptionPlace? exit = places.FirstOrDefault(p => p.Letter == 'E'),
            student = places.FirstOrDefault(p => p.Letter == 'D');
        if (
            exit is null
            || student is null
            || Nearest(_exits, exit, figure) is not { } time
            || Nearest(_students, student, figure) is not { } ratio
        )
        {
            return 0;
        }

        double first = _exits.Min(r => Math.Exp(r.Value(figure) ?? 0));
        return Math.Log(ProductRule.Shallower(time, Math.Min(first, time), ratio) / (time * ratio));
    }

    /// <summary>Mean over the runs whose options are nearest; ratios to the original.</summary>
    static double? Nearest(LogRun[] runs, OptionPlace place, Preference figure)
    {
        LogRun[] known = [.. runs.Where(r => r.Value(figure) is not null)];
        if (known.Length == 0)
        {
            return null;
        }

        double least = known.Min(r => Far(r.Place.Operators[0], place));
        return Math.Exp(
            known
                .Where(r => Far(r.Place.Operators[0], place) == least)
                .Average(r => r.Value(figure)!.Value)
        );
    }

    static double Far(OptionPlace a, OptionPlace b) =>
        a.Numbers.Zip(b.Numbers, (x, y) => Math.Abs(x - y)).Sum()
        + 10 * a.Words.Zip(b.Words).Count(w => w.First != w.Second);

    static bool Alone(LogRun run, char letter) =>
        run.Place.Operators is [var one] && one.Letter == letter;
}
