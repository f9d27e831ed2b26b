using System.Runtime.CompilerServices;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests;

/// <summary>Tests take turns among themselves: they wait for no study of this user, and none waits for them.</summary>
static class OwnTurn
{
    [ModuleInitializer]
    internal static void Set()
    {
        string folder = Directory.CreateTempSubdirectory("espalier-turn").FullName;
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TemporaryFolder.Remove(folder);
    }
}
