using System.Runtime.CompilerServices;

namespace Espalier.Tests.Hub;

/// <summary>What tests name and is on no disk is not looked for in the world; those that start a hub themselves say so.</summary>
static class Offline
{
    [ModuleInitializer]
    internal static void Say() => Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
}
