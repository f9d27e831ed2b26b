namespace Espalier.Text.Chat;

/// <summary>What is not there: empty where it is shown or walked through, an error where more is asked of it.</summary>
sealed record Undefined(string Name);

/// <summary>namespace(): the one thing whose fields a template may set.</summary>
sealed class Fields
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>What a template can call.</summary>
sealed record Callable(Func<TemplateRun, Arguments, object?> Call);

/// <summary>
/// The values of templates are null, bool, long, double, string, List, Dictionary (in the order in
/// which keys came) and the three above: what Python's operations do with them.
/// </summary>
static class Values
{
    public static string NameOf(object? value) =>
        value switch
        {
            null => "none",
            bool => "a boolean",
            long or double => "a number",
            string => "a text",
            List<object?> => "a list",
            Dictionary<string, object?> => "a mapping",
            Undefined gone => $"{gone.Name}, which is not defined,",
            _ => "a function",
        };

    public static bool Truth(object? value) =>
        value switch
        {
            null or Undefined => false,
            bool flag => flag,
            long number => number != 0,
            double number => number != 0,
            string text => text.Length > 0,
            List<object?> list => list.Count > 0,
            Dictionary<string, object?> map => map.Count > 0,
            _ => true,
        };

    public static bool Same(object? left, object? right, TemplateRun run)
    {
        run.Descend();
        if (Number(left) is { } a && Number(right) is { } b)
        {
            return left is double || right is double ? a == b : Whole(left) == Whole(right);
        }

        switch (left, right)
        {
            case (string x, string y):
                return x == y;
            case (List<object?> x, List<object?> y):
                return x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second, run));
            case (Dictionary<string, object?> x, Dictionary<string, object?> y):
                return x.Count == y.Count
                    && x.All(p =>
                        y.TryGetValue(p.Key, out object? other) && Same(p.Value, other, run)
                    );
            case (Undefined, Undefined):
            case (null, null):
                return true;
            default:
                return ReferenceEquals(left, right);
        }
    }

    public static int Compare(object? left, object? right, TemplateRun run) =>
        (left, right) switch
        {
            (string x, string y) => CompareText(x, y),
            (List<object?> x, List<object?> y) => CompareLists(x, y, run),
            _ when Number(left) is { } a && Number(right) is { } b => a.CompareTo(b),
            _ => throw run.Refuse(
                $"{NameOf(left)} and {NameOf(right)} have no order; compare texts with texts and numbers with numbers."
            ),
        };

    // By the first items that differ.
    static int CompareLists(List<object?> left, List<object?> right, TemplateRun run)
    {
        run.Descend();
        int at = 0;
        while (at < left.Count && at < right.Count && Same(left[at], right[at], run))
        {
            at++;
        }

        return at < left.Count && at < right.Count
            ? Compare(left[at], right[at], run)
            : left.Count.CompareTo(right.Count);
    }

    // By code points: pairs of surrogates stand above all else.
    static int CompareText(string left, string right)
    {
        int at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        static int Place(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
        return Place(left[at]).CompareTo(Place(right[at]));
    }

    public static bool Contains(object? all, object? part, TemplateRun run)
    {
        switch (all)
        {
            case string text when part is string wanted:
                run.Step(text.Length / 64);
                return text.Contains(wanted, StringComparison.Ordinal);
            case List<object?> list:
                return list.Exists(item => Same(item, part, run));
            case Dictionary<string, object?> map
                when part is not (List<object?> or Dictionary<string, object?>):
                return part is string key && map.ContainsKey(key);
            case Undefined:
                return false;
            default:
                throw run.Refuse($"{NameOf(part)} cannot be looked for in {NameOf(all)}.");
        }
    }

    /// <summary>What a loop walks through.</summary>
    public static List<object?> Items(object? value, TemplateRun run)
    {
        switch (value)
        {
            case List<object?> list:
                return list;
            case Dictionary<string, object?> map:
                return [.. map.Keys];
            case string text:
                run.Step(text.Length);
                return PythonText.Characters(text);
            case Undefined:
                return [];
            default:
                throw run.Refuse($"{NameOf(value)} cannot be walked through.");
        }
    }

    /// <summary>true and false are 1 and 0, as in Python.</summary>
    public static double? Number(object? value) =>
        value switch
        {
            long number => number,
            double number => number,
            bool flag => flag ? 1 : 0,
            _ => null,
        };

    public static long? Whole(object? value) =>
        value switch
        {
            long number => number,
            bool flag => flag ? 1 : 0,
            _ => null,
        };

    public static object? Calculate(string sign, object? left, object? right, TemplateRun run)
    {
        switch (sign, left, right)
        {
            case ("~", _, _):
                return Join(PythonText.Str(left, run), PythonText.Str(right, run), run);
            case ("+", string x, string y):
                return Join(x, y, run);
            case ("+", List<object?> x, List<object?> y):
                run.Step(x.Count + y.Count);
                return (List<object?>)[.. x, .. y];
            case ("*", List<object?> x, _) when Whole(right) is { } count:
                run.Step(x.Count * Math.Clamp(count, 0, TemplateRun.MostSteps + 1));
                return x.Count == 0
                    ? x
                    : Enumerable.Repeat(x, (int)Math.Max(0, count)).SelectMany(i => i).ToList();
            case ("*", string x, _) when Whole(right) is { } times:
                run.Made(x.Length * Math.Clamp(times, 0, TemplateRun.MostText + 1));
                return x.Length == 0
                    ? ""
                    : string.Concat(Enumerable.Repeat(x, (int)Math.Max(0, times)));
        }

        if (Number(left) is not { } a || Number(right) is not { } b)
        {
            throw run.Refuse($"{NameOf(left)} {sign} {NameOf(right)} is not possible.");
        }

        if (b == 0 && sign is "/" or "//" or "%" && b == 0)
        {
            throw run.Refuse($"{NameOf(left)} {sign} 0 is not possible.");
        }

        try
        {
            return Whole(left) is { } i && Whole(right) is { } j
                ? sign switch
                {
                    "+" => checked(i + j),
                    "-" => checked(i - j),
                    "*" => checked(i * j),
                    "/" => a / b,
                    "//" => checked((i - Modulo(i, j)) / j),
                    "%" => Modulo(i, j),
                    _ => Power(i, j),
                }
                : sign switch
                {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "//" => Math.Floor(a / b),
                    "%" => a - (b * Math.Floor(a / b)),
                    _ => Math.Pow(a, b),
                };
        }
        catch (OverflowException)
        {
            throw run.Refuse($"{left} {sign} {right} is too large.");
        }
    }

    static long Modulo(long left, long right) => right == -1 ? 0 : ((left % right) + right) % right;

    static object Power(long value, long times)
    {
        double about = Math.Pow(value, times);
        if (times < 0)
        {
            return about;
        }

        long result = 1;
        for (
            times = value is 0 or 1 or -1 && times > 2 ? 2 - (times % 2) : times;
            times > 0;
            times--
        )
        {
            result = checked(result * value);
        }

        return result;
    }

    static string Join(string left, string right, TemplateRun run)
    {
        run.Made(left.Length + right.Length);
        return left + right;
    }

    /// <summary>An index from 0 of Python's, which may count from the end; null where nothing is.</summary>
    public static int? Place(long index, int count)
    {
        index += index < 0 ? count : 0;
        return index >= 0 && index < count ? (int)index : null;
    }

    /// <summary>value[from:to:step] of a text or a list.</summary>
    public static object? Slice(object? value, long? from, long? to, long? step, TemplateRun run)
    {
        long by = step ?? 1;
        if (by == 0)
        {
            throw run.Refuse("a slice must not have the step 0.");
        }

        string? plain = value is string text && PythonText.IsPlain(text) ? text : null;
        List<object?>? items = value switch
        {
            List<object?> list => list,
            string other when plain is null => PythonText.Characters(other),
            Undefined => throw run.Refuse($"{NameOf(value)} cannot be sliced."),
            _ => null,
        };
        if (plain is null && items is null)
        {
            return new Undefined($"a slice of {NameOf(value)}");
        }

        int count = plain?.Length ?? items!.Count;
        by = Math.Clamp(by, -count - 1, count + 1);
        long Bound(long? given, long usual) =>
            given is not { } at ? usual
            : by > 0 ? Math.Clamp(at < 0 ? at + count : at, 0, count)
            : Math.Clamp(at < 0 ? at + count : at, -1, count - 1);
        long start = Bound(from, by > 0 ? 0 : count - 1);
        long end = Bound(to, by > 0 ? count : -1);
        if (plain is not null && by == 1)
        {
            return run.Made(plain[(int)start..(int)Math.Max(start, end)]);
        }

        items ??= PythonText.Characters(plain!);
        run.Step(count / 8);
        List<object?> taken = [];
        for (long at = start; by > 0 ? at < end : at > end; at += by)
        {
            taken.Add(items[(int)at]);
        }

        return value is string ? run.Made(string.Concat(taken)) : taken;
    }
}
