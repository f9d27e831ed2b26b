using System.Reflection;
using Espalier.Answering;
using Espalier.Tensors;

namespace Espalier.Tests.House;

/// <summary>What programs may build on: every public name of the two libraries stands in a list, so that a change of one is a line of a diff.</summary>
public sealed class PublicApiTests
{
    const string List = "tests/Espalier.Tests/House/public-api.txt";

    /// <summary>Written where a test run keeps its files, to be copied where the change is meant.</summary>
    const string Actual = "public-api.txt";

    // A record has these whether anybody asks for them or not.
    static readonly HashSet<string> Given =
    [
        "Equals",
        "GetHashCode",
        "ToString",
        "Deconstruct",
        "PrintMembers",
        "<Clone>$",
        "op_Equality",
        "op_Inequality",
    ];

    [Fact]
    public void Public_names_are_those_of_the_list()
    {
        string[] listed = Checkout
            .Read(List)
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] real =
        [
            .. new[] { typeof(Tensor).Assembly, typeof(Classifier).Assembly }
                .SelectMany(a => a.GetExportedTypes())
                .SelectMany(Lines)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, Actual), real);
        string how = $" (beside the tests, {Actual} is the list as it is)";
        Found.Nothing(real.Except(listed).Select(line => "not in the list: " + line + how));
        Found.Nothing(listed.Except(real).Select(line => "only in the list: " + line + how));
    }

    static IEnumerable<string> Lines(Type type)
    {
        string name = Name(type);
        yield return $"{Kind(type)} {name}";
        foreach (
            MemberInfo member in type.GetMembers(
                BindingFlags.Public
                    | BindingFlags.Instance
                    | BindingFlags.Static
                    | BindingFlags.DeclaredOnly
            )
        )
        {
            if (Given.Contains(member.Name))
            {
                continue;
            }

            string? line = member switch
            {
                FieldInfo { IsSpecialName: false } f => $"{member.Name}: {Name(f.FieldType)}",
                PropertyInfo p =>
                    $"{member.Name}: {Name(p.PropertyType)}{(p.GetMethod?.IsPublic == true ? " get" : "")}{(p.SetMethod?.IsPublic == true ? " set" : "")}",
                MethodInfo { IsSpecialName: false } m =>
                    $"{member.Name}({Parameters(m)}): {Name(m.ReturnType)}",
                ConstructorInfo c => $"new({Parameters(c)})",
                EventInfo e => $"event {member.Name}: {Name(e.EventHandlerType!)}",
                _ => null,
            };
            if (line is not null)
            {
                yield return $"{name}.{line}";
            }
        }
    }

    static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)));

    static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : "class";

    static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.HasElementType)
        {
            return Name(type.GetElementType()!)
                + (
                    type.IsArray ? "[]"
                    : type.IsByRef ? "&"
                    : "*"
                );
        }

        string plain =
            type.FullName is { } full && full.StartsWith("System.", StringComparison.Ordinal)
                ? type.Name
                : $"{(type.DeclaringType is { } outer ? Name(outer) : type.Namespace)}.{type.Name}";
        return type.IsGenericType
            ? $"{plain.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : plain;
    }
}
