/**
 * One image, improved by its viewer's choices: a search that sees no score, only which of a few
 * images someone prefers.
 *
 * <pre>
 * ImprovePage      the page: what a browser asks for and what it is answered
 * ImproveSession   the clicks, the search and the images that are being made
 * ClickLog         what was clicked, on disk: all else is computed from it
 * Walk             the search as a function of the clicks: answers, undo, back
 * Painter          a vector's image; ModelPainter is that of a diffusion model
 * Recipe           a file from which the image can be made again
 * </pre>
 */
@NullMarked
package org.tastemaker.human.improve;

import org.jspecify.annotations.NullMarked;
