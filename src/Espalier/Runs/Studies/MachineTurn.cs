using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>
/// Whose turn it is on this machine, among all processes of this user: many may train at once, who measures is alone.
/// </summary>
/// <param name="file">On a disk of this machine.</param>
/// <param name="note">Is told when there is someone to wait for.</param>
public sealed class MachineTurn(string file, Action<string>? note)
{
    public static MachineTurn Here(Action<string>? note) =>
        new(
            Path.Combine(Path.GetTempPath(), $"espalier-{Environment.UserName}", "machine.lock"),
            note
        );

    public IDisposable ToWork(CancellationToken stop) =>
        FileLock.Take(
            file,
            shared: true,
            () => note?.Invoke("Waiting: another study measures times on this machine."),
            stop
        );

    public IDisposable ToMeasure(CancellationToken stop) =>
        FileLock.Take(
            file,
            shared: false,
            () =>
                note?.Invoke(
                    "Waiting: another study works on this machine, and times are taken alone."
                ),
            stop
        );
}
