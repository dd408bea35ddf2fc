package org.tastemaker.examples.methods;

import org.tastemaker.core.Image;

/**
 * A picture of some long trainings.
 *
 * @param file beside the page
 * @param title of the picture
 * @param image to be written there
 */
record LongCurvePicture(String file, String title, Image image) {}
