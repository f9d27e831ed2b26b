using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// A file or folder locked by flock until it is disposed of. To close it would not do: a child process that is just being
/// started holds a copy of it, and with it the lock, until its exec.
/// </summary>
sealed class HeldLock(SafeFileHandle file) : IDisposable
{
    public void Dispose()
    {
        if (!file.IsClosed)
        {
            LibC.Unlock(file);
            file.Dispose();
        }
    }
}
