using System.Runtime.CompilerServices;

namespace Espalier.Text.Chat;

/// <summary>What a template may use up while it runs, and where it stands.</summary>
/// <param name="where">What the template is called in messages.</param>
sealed class TemplateRun(string where)
{
    /// <summary>Expressions and statements that are computed; the longest template known needs some thousands a message.</summary>
    public const long MostSteps = 10_000_000;

    /// <summary>UTF-16 units of all texts that are made on the way, beside those that are given.</summary>
    public const long MostText = 1 << 26;

    const int DeepestCall = 64;
    long _steps;
    long _made;
    int _depth;

    /// <summary>The line that is computed.</summary>
    public int Line { get; set; }

    public void Step(long count)
    {
        _steps += count;
        if (_steps > MostSteps)
        {
            throw Refuse(
                $"the template takes more than {MostSteps} steps; it loops, or the conversation is too long for it."
            );
        }
    }

    /// <summary>Counts a text before it is made.</summary>
    public void Made(long units)
    {
        _made += units;
        if (_made > MostText)
        {
            throw Refuse(
                $"the template makes more than {MostText} characters; it loops, or the conversation is too long for it."
            );
        }
    }

    public string Made(string text)
    {
        Made(text.Length);
        return text;
    }

    /// <summary>Before every step down into what may be nested without end.</summary>
    public void Descend()
    {
        Step(1);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Refuse("what the template computes is nested too deep.");
        }
    }

    public T Call<T>(Func<T> body)
    {
        if (++_depth > DeepestCall)
        {
            throw Refuse($"macros call each other more than {DeepestCall} deep.");
        }

        T result = body();
        _depth--;
        return result;
    }

    public InvalidDataException Refuse(string why) => new($"{where}, line {Line}: {why}");
}

/// <summary>Names and what they stand for, over those of the scope around.</summary>
sealed class Scope(Scope? around)
{
    readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        get
        {
            for (Scope? scope = this; scope is not null; scope = scope.Around)
            {
                if (scope._values.TryGetValue(name, out object? value))
                {
                    return value;
                }
            }

            return new Undefined($"'{name}'");
        }
        set => _values[name] = value;
    }

    Scope? Around { get; } = around;
}
