using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>Columns by address. Whoever holds it keeps the tensor alive.</summary>
readonly unsafe struct Place(Columns columns)
{
    readonly float* _first = columns.Tensor.Address() + columns.Offset;
    readonly nint _stride = columns.Stride;

    public float* Row(int row) => _first + row * _stride;
}

readonly unsafe struct GateBlocks<T>(RowBlocks rows, Gated of, Place y) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        var (first, past) = rows.RowsOfJob(job);
        Loop loop = new(new(of.Gate), new(of.Up), y, first, past, rows.Columns);
        VectorActivations.On(of.Activation, loop);
    }

    readonly struct Loop(Place gate, Place up, Place y, int first, int past, int count) : ICurveLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<F>()
            where F : struct, ICurve
        {
            for (int r = first; r < past; r++)
            {
                float* by = gate.Row(r),
                    from = up.Row(r),
                    to = y.Row(r);
                int i = 0;
                for (; i <= count - T.Count; i += T.Count)
                {
                    (F.Value(T.Load(by + i)) * T.Load(from + i)).Store(to + i);
                }

                if (i < count)
                {
                    T last = F.Value(T.LoadPart(by + i, count - i));
                    last *= T.LoadPart(from + i, count - i);
                    last.StorePart(to + i, count - i);
                }
            }
        }
    }
}

readonly unsafe struct GateBackwardBlocks<T>(RowBlocks rows, Gated of, Place dy, Gated to) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        Place gate = new(of.Gate),
            up = new(of.Up),
            dGate = new(to.Gate),
            dUp = new(to.Up);
        var (first, past) = rows.RowsOfJob(job);
        for (int r = first; r < past; r++)
        {
            VectorActivations.On(
                of.Activation,
                new Loop(gate.Row(r), up.Row(r), dy.Row(r), dGate.Row(r), dUp.Row(r), rows.Columns)
            );
        }
    }

    readonly struct Loop(float* gate, float* up, float* dy, float* dGate, float* dUp, int count)
        : ICurveLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<F>()
            where F : struct, ICurve
        {
            int i = 0;
            for (; i <= count - T.Count; i += T.Count)
            {
                T by = T.Load(gate + i),
                    down = T.Load(dy + i),
                    from = T.Load(up + i);
                (F.Slope(by) * from * down).Store(dGate + i);
                (F.Value(by) * down).Store(dUp + i);
            }

            if (i < count)
            {
                int rest = count - i;
                T by = T.LoadPart(gate + i, rest),
                    down = T.LoadPart(dy + i, rest),
                    from = T.LoadPart(up + i, rest);
                (F.Slope(by) * from * down).StorePart(dGate + i, rest);
                (F.Value(by) * down).StorePart(dUp + i, rest);
            }
        }
    }
}
