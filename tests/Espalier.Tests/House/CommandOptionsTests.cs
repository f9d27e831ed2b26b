using System.CommandLine;
using Espalier.Cli;

namespace Espalier.Tests.House;

public sealed class CommandOptionsTests
{
    const string List = "tests/Espalier.Tests/House/cli-options.txt";

    // Every option is a promise to keep; one more should be seen as a line of a change.
    [Fact]
    public void The_commands_have_the_options_of_the_list_and_no_other()
    {
        string[] listed = Checkout
            .Read(List)
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] real = [.. Lines("espalier", Program.Root()).Order(StringComparer.Ordinal)];
        Found.Nothing(real.Except(listed).Select(line => "not in the list: " + line));
        Found.Nothing(listed.Except(real).Select(line => "only in the list: " + line));
        Assert.Equal(listed.Order(StringComparer.Ordinal), listed);
    }

    static IEnumerable<string> Lines(string name, Command command) =>
        command
            .Options.Where(option => !option.Hidden)
            .Select(option =>
                string.Join(
                    ' ',
                    [name, option.Name, .. option.Aliases.Order(StringComparer.Ordinal)]
                )
            )
            .Concat(command.Subcommands.SelectMany(sub => Lines($"{name} {sub.Name}", sub)));
}
