namespace Espalier.Analysis.Cumulation;

/// <summary>The equations of Xin et al. 2022, section 5.</summary>
public static class ProductRule
{
    /// <summary>Equations 1 to 3: A of R + X is A_R · A_X / A_O, and so is T of E + P.</summary>
    public static double Combined(double known, double added, double original) =>
        known * added / original;

    /// <summary>
    /// Equation 4: D after E makes cheaper what comes behind the first exit, T = t_E + (T_E − t_E) · T_D / T_O; with
    /// P's ratio as a factor it is equation 5.
    /// </summary>
    /// <param name="first">t_E, the smallest time on E's curve.</param>
    /// <param name="ratio">T_D / T_O.</param>
    public static double Shallower(double time, double first, double ratio) =>
        first + (time - first) * ratio;

    /// <summary>Share that remains after all: 0.50 after Q and 0.17 after L make 0.085 after both.</summary>
    public static double Remaining(params ReadOnlySpan<double> remaining)
    {
        double product = 1;
        foreach (double share in remaining)
        {
            product *= share;
        }

        return product;
    }
}
