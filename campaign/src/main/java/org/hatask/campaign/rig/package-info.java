/** Processes, the network between them, and the faults that happen to both. */
package org.hatask.campaign.rig;
