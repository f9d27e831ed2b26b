using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>Dropout of attention probabilities, a row of keys at a time.</summary>
readonly unsafe struct AttentionMask(AttentionDropout dropout, int totalRows)
{
    readonly ulong _key = dropout.Rng.Key;
    readonly int _threshold = DropoutMask.Threshold(dropout.Probability);
    readonly float _scale = DropoutMask.Scale(dropout.Probability);

    public bool DropsNothing => dropout.Probability == 0;

    /// <summary>
    /// What each key's probability is multiplied by: the scale where the mask keeps it, else 0. Writes
    /// <see cref="Room"/> numbers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Factors<T>(int head, int query, int keys, float* to)
        where T : struct, ILanes<T>
    {
        ushort* pieces = stackalloc ushort[4 * T.Count];
        T least = T.All(_threshold),
            scale = T.All(_scale);
        ulong counter = (ulong)(head * totalRows + query) << 16;
        for (int j = 0; j < keys; j += 4 * T.Count)
        {
            T.Pieces(_key, counter + (ulong)(j >> 3), pieces);
            for (int i = 0; i < 4 * T.Count; i += T.Count)
            {
                T.WhereAtLeast(T.FromPieces(pieces + i), least, scale).Store(to + j + i);
            }
        }
    }

    /// <summary>Numbers that <see cref="Factors"/> writes for this many keys: whole draws.</summary>
    public static int Room<T>(int keys)
        where T : struct, ILanes<T> => (keys + 4 * T.Count - 1) / (4 * T.Count) * (4 * T.Count);
}
