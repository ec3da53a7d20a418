/** The table of milestones stands in shared, since the window shows them with the log. */
export { milestoneOf, type Milestone } from '../../shared/tfserving/milestones.ts';
