package org.tastemaker.optim.preference;

import java.nio.FloatBuffer;

/**
 * A clean latent and how good it is.
 *
 * @param image its place in the rollout or in the data, for messages
 * @param clean x_0, [C, h, w]
 * @param reward higher is better; only its order within a prompt counts
 */
record RatedImage(int image, FloatBuffer clean, double reward) {}
